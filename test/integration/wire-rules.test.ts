import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawAnswer } from "../support/raw-client.ts";
import { openStream, readStream } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

const FAILURE = new AgentError("model_unauthorized", "The key is wrong.");
const AGENTS = [
  scriptAgent(["one\n\ntwo ", "three"]),
  scriptAgent(["half ", FAILURE], { name: "Failing" }),
] as const;

/** Starts a run and waits for its end. */
async function finished(server: TestServer, agent = "Script") {
  const run = await startRun(server, agent);
  await endOf(server, run);
  return run;
}

describe("wire rule 1: every event has an id, and no text can forge one", () => {
  it.each(["", "?events=all"])("holds in a finished stream %s", async (query) => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const { text } = await readStream(server.port, run.streamPath + query);
    const blocks = text
      .replace(/: end\n$/, "")
      .split("\n\n")
      .slice(0, -1);
    expect(blocks.length).toBeGreaterThan(2);
    for (const block of blocks) expect(block).toMatch(/^(retry: \d+\n)?id: \d+-\d+\nevent: [a-z-]+\ndata: /);
  });

  it("writes each line of a text as a field of its own", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const { text } = await readStream(server.port, run.streamPath);
    expect(text).toContain("event: message\ndata: one\ndata: \ndata: two \n\n");
  });
});

describe("wire rule 2: signs of life", () => {
  it("a quiet stream of events says exactly ': hb' and one newline, before and between events", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition], http: { heartbeatMs: 10 } });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    await eventually("a first heartbeat", () => stream.text.length > 0);
    expect(stream.text).toMatch(/^(: hb\n)+$/);
    puppet.say("word");
    await eventually("a heartbeat after the event", () => stream.text.endsWith("data: word\n\n: hb\n"));
    puppet.end();
    await stream.ending;
    expect(stream.text).toMatch(
      /^(: hb\n)+retry: \d+\nid: 1-\d+\nevent: message\ndata: word\n\n(: hb\n)+id: 1-\d+\nevent: done\ndata: \[DONE\]\n\n: end\n$/,
    );
  });

  it("a stream whose entries the format does not show is quiet, and shows that it lives", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition], http: { heartbeatMs: 60 } });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    const reasoning = setInterval(() => {
      puppet.say({ type: "reasoning-delta", id: "r", delta: "hm " });
    }, 5);
    try {
      await eventually("a heartbeat", () => stream.text.includes(": hb\n"));
    } finally {
      clearInterval(reasoning);
    }
    puppet.end();
    await stream.ending;
  });

  it("a quiet stream of lines says heartbeat, plain text says nothing", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition], http: { heartbeatMs: 10 } });
    const run = await startRun(server, "Puppet");
    const lines = await openStream(server.port, run.streamPath, { format: "application/x-ndjson" });
    const plain = rawAnswer(server.port, { path: run.streamPath, headers: { accept: "text/plain" } });
    await eventually("a heartbeat", () => lines.text.startsWith('{"event":"heartbeat"}\n'));
    puppet.say("word");
    puppet.end();
    expect((await plain).text).toBe("word\n");
    await lines.ending;
    expect(lines.text).toMatch(/\{"event":"end"\}\n$/);
  });

  it("retry comes once, inside the first event, also of a stream that is resumed", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const whole = await readStream(server.port, run.streamPath);
    const rest = await readStream(server.port, `${run.streamPath}?cursor=${whole.events[0]!.cursor}`);
    for (const { text } of [whole, rest]) {
      expect(text).toMatch(/^retry: \d+\nid: /);
      expect(text.match(/retry/g)).toHaveLength(1);
    }
  });
});

describe("wire rule 3: only what has ended ends gracefully", () => {
  it.each(["Script", "Failing"])(
    "a finished stream of %s ends with ': end' and its framing",
    async (agent) => {
      const server = await openServer({ agents: AGENTS });
      const run = await finished(server, agent);
      const { text, ended } = await readStream(server.port, run.streamPath);
      expect(ended).toBe("graceful");
      expect(text.endsWith("\n\n: end\n")).toBe(true);
    },
  );

  it.each(["text/event-stream", "application/x-ndjson", "text/plain"])(
    "an unfinished stream as %s is reset when the server stops, and never closed clean",
    async (accept) => {
      const puppet = createPuppet();
      const server = await openServer({ agents: [puppet.definition] });
      const run = await startRun(server, "Puppet");
      const reading = rawAnswer(server.port, { path: run.streamPath, headers: { accept } });
      const watching = await openStream(server.port, run.streamPath);
      puppet.say("word");
      await eventually("the word", () => watching.events.length === 1);
      await server.stop();
      const { text, ended } = await reading;
      expect(ended).toBe("reset");
      expect(text).toContain("word");
      expect(text).not.toMatch(/end|done/i);
    },
  );

  it("a stream whose conversation is deleted meanwhile is reset", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    await call(server, "DELETE", `/api/conversations/${run.conversation}`);
    expect(await stream.ending).toBe("reset");
    expect(await readStream(server.port, run.streamPath)).toMatchObject({ status: 404 });
  });
});

describe("wire rule 4: nothing left is 204", () => {
  it.each(["Script", "Failing"])("at the end of a finished run of %s, however one asks", async (agent) => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server, agent);
    const { events } = await readStream(server.port, run.streamPath);
    const { cursor } = events.at(-1)!;
    for (const path of [`${run.streamPath}?cursor=${cursor}`, `${run.streamPath}?run=1&cursor=${cursor}`]) {
      expect(await rawAnswer(server.port, { path })).toMatchObject({ status: 204, text: "" });
    }
    const headers = { "last-event-id": cursor };
    expect(await rawAnswer(server.port, { path: run.streamPath, headers })).toMatchObject({ status: 204 });
  });

  it("Last-Event-ID wins over the cursor of the address, and an empty one counts as none", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const { events } = await readStream(server.port, run.streamPath);
    const path = `${run.streamPath}?cursor=${events[0]!.cursor}`;
    const rest = await readStream(server.port, path, { headers: { "last-event-id": events[1]!.cursor } });
    expect(rest.events).toEqual(events.slice(2));
    const same = await readStream(server.port, path, { headers: { "last-event-id": "" } });
    expect(same.events).toEqual(events.slice(1));
  });
});

describe("wire rule 5: nothing in between may hold the stream back", () => {
  it.each([
    ["*/*", "text/event-stream"],
    ["", "text/event-stream"],
    ["text/event-stream", "text/event-stream"],
    ["application/x-ndjson", "application/x-ndjson"],
    ["text/plain", "text/plain; charset=utf-8"],
    ["text/html, text/plain;q=0.9, */*;q=0.1", "text/plain; charset=utf-8"],
    ["text/event-stream;q=0.1, application/x-ndjson", "application/x-ndjson"],
  ])("Accept: %s gives %s with the headers of a stream", async (accept, type) => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const { headers } = await rawAnswer(server.port, { path: run.streamPath, headers: { accept } });
    expect(headers).toMatchObject({
      "content-type": type,
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "x-conversation-id": run.conversation,
      "x-stream-resume": run.streamPath,
    });
    expect(headers["content-encoding"]).toBeUndefined();
  });

  it("x-stream-resume names the same stream, as it was asked for", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    for (const query of ["", "?run=1", "?events=all", "?run=1&events=all", "?follow=true"]) {
      const stream = await openStream(server.port, run.streamPath + query);
      expect(stream.headers["x-stream-resume"]).toBe(run.streamPath + query);
      stream.cut();
    }
  });

  it("x-stream-resume leads also those on who were cut before their first event", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const { events } = await readStream(server.port, run.streamPath);
    const { cursor } = events[0]!;
    for (const asked of [{ path: `?cursor=${cursor}` }, { headers: { "last-event-id": cursor } }]) {
      const { path = "", headers = {} } = asked;
      const cut = await readStream(server.port, run.streamPath + path, { headers });
      const resumed = await readStream(server.port, cut.headers["x-stream-resume"]!);
      expect(resumed.events).toEqual(events.slice(1));
    }
  });

  it("a page of another origin may read streams, answers and errors, with the headers that matter", async () => {
    const server = await openServer({ agents: AGENTS });
    const run = await finished(server);
    const origin = "https://app.example";
    for (const path of [run.streamPath, run.statusPath, "/api/agent/stream/nobody", "/nowhere"]) {
      const { headers } = await rawAnswer(server.port, { path, headers: { origin } });
      expect(headers["access-control-allow-origin"]).toBe("*");
      const exposed = headers["access-control-expose-headers"]!.split(", ");
      expect(exposed).toEqual(
        expect.arrayContaining(["x-conversation-id", "x-stream-resume", "location", "retry-after"]),
      );
    }
  });

  it("with origins named, only those may read", async () => {
    const http = { allowedOrigins: ["https://app.example"] };
    const server = await openServer({ agents: AGENTS, http });
    const path = "/api/health";
    const ours = await rawAnswer(server.port, { path, headers: { origin: "https://app.example" } });
    expect(ours.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      vary: "origin",
    });
    const theirs = await rawAnswer(server.port, { path, headers: { origin: "https://evil.example" } });
    expect(theirs.headers["access-control-allow-origin"]).toBeUndefined();
    expect(theirs.headers["vary"]).toBe("origin");
  });
});
