import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createNodeListener } from "../../src/http/hosts/node-host.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawRequest } from "../support/raw-client.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

/** Serves a handler in another way than over TCP itself, and gives what asks it by path. */
type Serve = (
  handler: TestServer["holdfast"]["fetch"],
) => Promise<(path: string) => Promise<IncomingMessage>>;

async function listening<Listening extends Server>(server: Listening, at: object): Promise<Listening> {
  server.listen(at);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

const ANY_PORT = { host: "127.0.0.1", port: 0 };

/** A shared key, so that there need be no certificate. */
const KEY = Buffer.alloc(32, "key");
const WITH_SHARED_KEY = { ciphers: "PSK-AES128-GCM-SHA256", maxVersion: "TLSv1.2" } as const;

const WAYS = {
  async TLS(handler) {
    const options = { ...WITH_SHARED_KEY, pskCallback: () => KEY };
    const server = await listening(https.createServer(options, createNodeListener(handler)), ANY_PORT);
    const { port } = server.address() as AddressInfo;
    const client = {
      ...WITH_SHARED_KEY,
      pskCallback: () => ({ psk: KEY, identity: "reader" }),
      checkServerIdentity: () => undefined,
    };
    return (path) => answerTo(https.request({ ...client, host: "127.0.0.1", port, path, agent: false }));
  },
  async "a Unix socket"(handler) {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-test-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const socketPath = join(directory, "socket");
    await listening(createServer(createNodeListener(handler)), { path: socketPath });
    return (path) => answerTo(request({ socketPath, path, agent: false }));
  },
} satisfies Record<string, Serve>;

async function answerTo(asked: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [response] = (await once(asked.end(), "response")) as [IncomingMessage];
  return response.setEncoding("utf8");
}

it.each(Object.entries(WAYS))(
  "over %s, too, what is cut short is seen as a cut, and hurts nobody else",
  async (_way, serve) => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const ask = await serve(server.holdfast.fetch);
    const run = await startRun(server, "Puppet");
    const response = await ask(run.streamPath);
    let text = "";
    response.on("data", (piece: string) => (text += piece));
    const ending = new Promise((resolve) =>
      response.once("error", resolve).once("end", () => resolve("an end")),
    );
    puppet.say("half");
    await eventually("the text", () => text.includes("data: half\n\n"));
    const deleted = await call(server, "DELETE", `/api/conversations/${run.conversation}`);
    expect(deleted.status).toBe(204);
    expect(await ending).toMatchObject({ code: "ECONNRESET" });
    expect((await ask("/openapi.json")).statusCode).toBe(200);
  },
);

it("over TLS the addresses that are told begin with https", async () => {
  const server = await openServer({ agents: [createPuppet().definition] });
  const ask = await WAYS.TLS(server.holdfast.fetch);
  const card = await ask("/a2a/Puppet/.well-known/agent-card.json");
  let text = "";
  for await (const piece of card) text += piece;
  expect(text).toMatch(/"url":"https:\/\/127\.0\.0\.1:\d+\/a2a/);
  expect(text).not.toContain("http:");
});

it("a reader is served to the end by a server whose sockets may hold more than a stream waits for", async () => {
  const text = "x".repeat(1024);
  const server = await openServer({ agents: [scriptAgent(Array.from({ length: 12_000 }, () => text))] });
  const run = await startRun(server, "Script");
  await endOf(server, run);
  const listener = createNodeListener(server.holdfast.fetch);
  const roomy = await listening(createServer({ highWaterMark: 64 * 1024 * 1024 }, listener), ANY_PORT);
  const { port } = roomy.address() as AddressInfo;
  const stream = await rawRequest(port, { path: run.streamPath });
  expect(await stream.ending).toBe("graceful");
  expect(stream.text.split(text).length - 1).toBe(12_000);
});
