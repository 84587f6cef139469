import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import type { ConversationStore } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawAnswer, rawRequest } from "../support/raw-client.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

const AGENTS = [scriptAgent(["word"])] as const;

describe("wire rule 6: unknown is 404 at once, HEAD and OPTIONS work", () => {
  it.each(["GET", "HEAD"])("%s of the stream of an unknown conversation is 404 at once", async (method) => {
    const server = await openServer({ agents: AGENTS });
    const answer = await rawAnswer(server.port, { method, path: "/api/agent/stream/nobody" });
    expect(answer).toMatchObject({ status: 404, ended: "graceful" });
  });

  it("HEAD on every GET gives the headers of GET and no body", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    const paths = [
      run.streamPath,
      run.statusPath,
      "/api/conversations",
      `/api/conversations/${run.conversation}`,
      "/api/health",
      "/api/ready",
      "/",
    ];
    for (const path of paths) {
      const get = await rawAnswer(server.port, { path });
      const head = await rawAnswer(server.port, { method: "HEAD", path });
      expect(head).toMatchObject({ status: 200, text: "", ended: "graceful" });
      const { date: _then, "transfer-encoding": _framing, ...expected } = get.headers;
      expect(head.headers).toMatchObject(expected);
    }
  });

  it("HEAD of a stream that goes on answers at once and holds nothing", async () => {
    const puppet = createPuppet();
    const { store, open } = countingFollowers(createMemoryStore());
    const server = await openServer({ agents: [puppet.definition], store });
    const run = await startRun(server, "Puppet");
    const head = await rawAnswer(server.port, { method: "HEAD", path: run.streamPath });
    expect(head).toMatchObject({ status: 200, ended: "graceful" });
    await eventually("nobody follows", () => open() === 0);
    puppet.end();
    await endOf(server, run);
  });

  it.each([
    ["/api/agents/Script/run", ["POST", "OPTIONS"]],
    ["/api/agent/stream/some", ["GET", "HEAD", "OPTIONS"]],
    ["/api/conversations/some", ["GET", "HEAD", "DELETE", "OPTIONS"]],
  ])("OPTIONS of %s answers a preflight", async (path, methods) => {
    const server = await openServer({ agents: AGENTS });
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type, idempotency-key, last-event-id",
    };
    const answer = await rawAnswer(server.port, { method: "OPTIONS", path, headers });
    expect(answer).toMatchObject({ status: 204, text: "" });
    expect(answer.headers).toMatchObject({
      allow: methods.join(", "),
      "access-control-allow-origin": "*",
      "access-control-allow-methods": methods.join(", "),
      "access-control-allow-headers": "content-type, idempotency-key, last-event-id",
    });
  });

  it.each(["text/plain", "text/event-stream"])(
    "readers of a quiet stream as %s follow its log once for all of them, and let go of it at once",
    async (accept) => {
      const puppet = createPuppet();
      const { store, open } = countingFollowers(createMemoryStore());
      const server = await openServer({ agents: [puppet.definition], store });
      const run = await startRun(server, "Puppet");
      const request = { path: run.streamPath, headers: { accept } };
      const readers = await Promise.all(Array.from({ length: 5 }, () => rawRequest(server.port, request)));
      await eventually("it is followed", () => open() === 1);
      for (const reader of readers) reader.cut();
      await eventually("nobody follows", () => open() === 0);
    },
  );

  it("a reader who goes away before there is an answer lets go of the log, too", async () => {
    const puppet = createPuppet();
    const { store, open } = countingFollowers(createMemoryStore());
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const slow: ConversationStore = {
      ...store,
      async post(id, request, options) {
        asked += 1;
        await gate.promise;
        return store.post(id, request, options);
      },
    };
    const server = await openServer({ agents: [puppet.definition], store: slow });
    const request = {
      method: "POST",
      path: "/api/agent/create",
      body: "m",
      headers: { accept: "text/plain" },
    };
    const gone = new AbortController();
    const response = fetch(server.url + request.path, { ...request, signal: gone.signal });
    await eventually("the request came", () => asked === 1);
    gone.abort();
    await expect(response).rejects.toThrow();
    await letTheServerNotice(server);
    gate.resolve();
    await eventually("the run goes on without it", () => puppet.busy === 1);
    await letTheServerNotice(server);
    expect(open()).toBe(0);
  });

  it("POST /api/agent/create starts the default agent and streams at once", async () => {
    const server = await openServer({ agents: [...AGENTS, scriptAgent(["other"], { name: "Other" })] });
    const request = {
      method: "POST",
      path: "/api/agent/create",
      body: "Hello",
      headers: { accept: "text/plain" },
    };
    const answer = await rawAnswer(server.port, request);
    expect(answer).toMatchObject({ status: 200, text: "word\n", ended: "graceful" });
    const id = answer.headers["x-conversation-id"]!;
    expect(id).toMatch(/^@dafx-script@[0-9a-f]{32}$/);
    const again = await rawAnswer(server.port, { path: `/api/agent/stream/${id}`, headers: request.headers });
    expect(again.text).toBe("word\n");
    const other = await rawAnswer(server.port, { ...request, path: "/api/agent/create?agent=other" });
    expect(other.text).toBe("other\n");
    expect(other.headers["x-conversation-id"]).toMatch(/^@dafx-other@/);
  });

  it("health names the agents and readiness the store", async () => {
    const server = await openServer({ agents: AGENTS });
    const health = await call(server, "GET", "/api/health");
    expect(health.body).toMatchObject({ status: "healthy", agent_count: 1, agents: [{ name: "Script" }] });
    expect((await call(server, "GET", "/api/ready")).body).toMatchObject({ status: "ready" });
  });
});

/** Gives the server turns enough to handle what has happened on its sockets. */
async function letTheServerNotice(server: TestServer): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await call(server, "GET", "/api/ready");
}

/** A store that knows how many follow its logs. */
function countingFollowers(store: ConversationStore): {
  readonly store: ConversationStore;
  open(): number;
} {
  let open = 0;
  return {
    open: () => open,
    store: {
      ...store,
      async *follow(id, after, options) {
        open += 1;
        try {
          yield* store.follow(id, after, options);
        } finally {
          open -= 1;
        }
      },
    },
  };
}
