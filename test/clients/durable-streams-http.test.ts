import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import type { Answer, Started } from "../support/api.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawAnswer, rawRequest } from "../support/raw-client.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import { textOfEntries } from "./log-text.ts";
import type { LogEntry } from "./log-text.ts";

// What the public conformance suite asks of reads, of a server whose streams only runs can write: the suite itself begins
// nearly every test by writing one of its own.

const OFFSET = /^\d{16}_\d{16}$/;

async function ended(server: TestServer): Promise<Started> {
  const started = await startRun(server, "Script");
  await endOf(server, started);
  return started;
}

function read(server: TestServer, name: string, query = "", headers = {}): Promise<Answer> {
  return call(server, "GET", `/v1/stream/${name}${query}`, undefined, headers);
}

function offsetOf({ headers }: Answer): string {
  return headers.get("stream-next-offset") ?? "none";
}

async function nativeEntries(server: TestServer, { streamPath }: Started): Promise<readonly LogEntry[]> {
  const accept = { accept: "application/x-ndjson" };
  const { body } = await call(server, "GET", `${streamPath}?events=all`, undefined, accept);
  const lines = String(body).trim().split("\n").slice(0, -1);
  return lines.map((line) => {
    const { event: _event, ...entry } = JSON.parse(line) as LogEntry & { readonly event: string };
    return entry;
  });
}

interface SseFrame {
  readonly event: string;
  readonly data: unknown;
}

function framesOf(text: string): readonly SseFrame[] {
  return text.split("\n\n").flatMap((block) => {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/m.exec(block) ?? [];
    return event === undefined ? [] : [{ event, data: JSON.parse(data ?? "") as unknown }];
  });
}

describe.each(STORE_KINDS)("a conversation as a Durable Stream, on the %s store", (store) => {
  it("is caught up with by one read, which has the entries of the native stream", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["one ", "two"])] });
    const run = await ended(server);
    const entries = await nativeEntries(server, run);
    for (const query of ["", "?offset=-1", "?offset=-1&unheard=of"]) {
      const answer = await read(server, run.conversation, query);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("stream-up-to-date")).toBe("true");
      expect(answer.headers.get("stream-closed")).toBeNull();
      expect(offsetOf(answer)).toMatch(OFFSET);
      expect(answer.body).toEqual(entries);
      expect(textOfEntries(answer.body as LogEntry[])).toBe("one two");
    }
  });

  it("goes on from every offset with exactly what follows, and offsets sort as texts", async () => {
    const chunks = Array.from({ length: 700 }, (_, index) => `${index} `);
    const server = await openServer({ store, agents: [scriptAgent(chunks)] });
    const run = await ended(server);
    const entries = await nativeEntries(server, run);
    const read1: LogEntry[] = [];
    const offsets: string[] = [];
    for (let offset = "-1"; ;) {
      const answer = await read(server, run.conversation, `?offset=${offset}`);
      read1.push(...(answer.body as LogEntry[]));
      offset = offsetOf(answer);
      offsets.push(offset);
      if (answer.headers.get("stream-up-to-date") === "true") break;
    }
    expect(read1).toEqual(entries);
    expect(offsets.length).toBeGreaterThan(1);
    expect(offsets.toSorted()).toEqual(offsets);
    const tail = await read(server, run.conversation, `?offset=${offsets.at(-1)}`);
    expect(tail).toMatchObject({ status: 200, body: [] });
    expect(offsetOf(tail)).toBe(offsets.at(-1));
  });

  it("is not closed by the end of a run; the run's own stream is", async () => {
    const server = await openServer({ store, agents: [turnsAgent([["one"], ["two"]]).definition] });
    const run = await ended(server);
    const atEnd = offsetOf(await read(server, run.conversation));
    await endOf(server, await startRun(server, "Script", { message: "m", thread_id: run.conversation }));
    const [first, second] = [`${run.conversation}~1`, `${run.conversation}~2`];
    const next = await read(server, run.conversation, `?offset=${atEnd}`);
    expect(textOfEntries(next.body as LogEntry[])).toBe("two");
    for (const [name, text] of [
      [first, "one"],
      [second, "two"],
    ] as const) {
      const answer = await read(server, name);
      expect(textOfEntries(answer.body as LogEntry[])).toBe(text);
      expect(answer.headers.get("stream-closed")).toBe("true");
      expect(answer.headers.get("stream-up-to-date")).toBe("true");
      for (const query of [`?offset=${offsetOf(answer)}`, "?offset=now"]) {
        const tail = await read(server, name, query);
        expect(tail).toMatchObject({ status: 200, body: [] });
        expect(tail.headers.get("stream-closed")).toBe("true");
        expect(offsetOf(tail)).toBe(offsetOf(answer));
      }
    }
    expect(await read(server, `${run.conversation}~3`)).toMatchObject({ status: 404 });
  });

  it("answers a long poll as soon as something comes, and 204 at the end of a run", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    puppet.say("one ");
    await eventually("one", async () => {
      const { body } = await read(server, run.conversation);
      return textOfEntries(body as LogEntry[]) === "one ";
    });
    const now = await read(server, `${run.conversation}~1`, "?offset=now");
    expect(now).toMatchObject({ status: 200, body: [] });
    const polled = read(server, `${run.conversation}~1`, `?offset=${offsetOf(now)}&live=long-poll`);
    puppet.say("two");
    const answer = await polled;
    expect(answer.status).toBe(200);
    expect(textOfEntries(answer.body as LogEntry[])).toBe("two");
    expect(answer.headers.get("stream-cursor")).toMatch(/^\d+$/);
    puppet.end();
    await endOf(server, run);
    const all = await read(server, `${run.conversation}~1`, "?offset=-1&live=long-poll");
    expect(textOfEntries(all.body as LogEntry[])).toBe("one two");
    const tail = `?offset=${offsetOf(all)}&live=long-poll`;
    const closed = await read(server, `${run.conversation}~1`, tail);
    expect(closed.status).toBe(204);
    expect(closed.headers.get("stream-closed")).toBe("true");
    expect(closed.headers.get("stream-cursor")).toBeNull();
  });

  it("streams entries over SSE, each followed by where the reader is, and ends with the run", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    puppet.say("one ");
    const path = `/v1/stream/${run.conversation}~1?offset=-1&live=sse`;
    const stream = await rawRequest(server.port, { path });
    await eventually("one", () => stream.text.includes("one "));
    // Cut before its first event, a reader goes on where it asked to begin.
    const late = await rawRequest(server.port, { path: path.replace("-1", "now") });
    const now = offsetOf(await read(server, `${run.conversation}~1`, "?offset=now"));
    expect(late.headers["x-stream-resume"]).toBe(path.replace("-1", now));
    late.cut();
    puppet.say("two\n\nthree");
    puppet.end();
    expect(await stream.ending).toBe("graceful");
    const frames = framesOf(stream.text);
    const entries = frames.flatMap(({ event, data }) => (event === "data" ? (data as LogEntry[]) : []));
    expect(entries).toEqual(await nativeEntries(server, run));
    for (const [index, { event }] of frames.entries()) {
      if (event === "data") expect(frames[index + 1]?.event).toBe("control");
    }
    const controls = frames.flatMap(({ event, data }) => (event === "control" ? [data] : []));
    expect(controls.slice(0, -1)).toEqual(
      controls.slice(0, -1).map(() => ({
        streamNextOffset: expect.stringMatching(OFFSET),
        streamCursor: expect.stringMatching(/^\d+$/),
        upToDate: true,
      })),
    );
    const streamNextOffset = offsetOf(await read(server, `${run.conversation}~1`));
    expect(controls.at(-1)).toEqual({ streamNextOffset, streamClosed: true, upToDate: true });
    const again = await rawAnswer(server.port, { path: path.replace("-1", streamNextOffset) });
    expect(framesOf(again.text)).toEqual([{ event: "control", data: controls.at(-1) }]);
    expect(again.ended).toBe("graceful");
  });

  it("withdraws what a crash made void from who saw it, and does not show it to who comes later", async () => {
    const gone = new AgentError("model_unavailable", "gone", { retryAfterMs: 1 });
    const failing = turnsAgent([["half of ", gone], ["the whole"]]);
    const server = await openServer({ store, agents: [failing.definition] });
    const run = await ended(server);
    const { body } = await read(server, run.conversation);
    expect(textOfEntries(body as LogEntry[])).toBe("the whole");
    const reset = (body as (LogEntry & { readonly from: string })[]).find(
      ({ type }) => type === "step-reset",
    );
    const [attempt, seq] = reset!.from.split("-").map((part) => part.padStart(16, "0"));
    const resumed = await read(server, run.conversation, `?offset=${attempt}_${seq}`);
    const types = (resumed.body as LogEntry[]).map(({ type }) => type);
    expect(types).toContain("step-reset");
    expect(textOfEntries(resumed.body as LogEntry[])).toBe("the whole");
  });

  it("is refused with 410 when what was asked for has expired, and says where the history is", async () => {
    const storeOptions = { streamTtlMs: 60 };
    const server = await openServer({ store, agents: [scriptAgent(["one"])], storeOptions });
    const run = await ended(server);
    const { conversation } = run;
    await eventually("the stream expires", async () => (await read(server, conversation)).status === 410);
    const beginning = `${"0".repeat(16)}_${"0".repeat(16)}`;
    for (const query of ["", `?offset=${beginning}`, "?offset=-1&live=long-poll", "?offset=-1&live=sse"]) {
      const history = `/api/conversations/${conversation}`;
      const error = { code: "stream_expired", history };
      expect(await read(server, conversation, query), query).toMatchObject({ status: 410, body: { error } });
    }
    // Whoever has it all goes on with the next run.
    expect(await read(server, conversation, "?offset=now")).toMatchObject({ status: 200, body: [] });
  });
});

describe("reads of a Durable Stream", () => {
  it("tell caches whether what they have is still all there is", async () => {
    const server = await openServer({ agents: [turnsAgent([["one"], ["two"]]).definition] });
    const run = await ended(server);
    const etag = (await read(server, run.conversation)).headers.get("etag") ?? "";
    const known = { "if-none-match": `"another", ${etag}` };
    const unchanged = await read(server, run.conversation, "", known);
    expect(unchanged).toMatchObject({ status: 304, body: "" });
    expect(unchanged.headers.get("stream-next-offset")).toMatch(OFFSET);
    await endOf(server, await startRun(server, "Script", { message: "m", thread_id: run.conversation }));
    expect(await read(server, run.conversation, "", known)).toMatchObject({ status: 200 });
  });

  it("have another ETag once the run has ended", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const before = (await read(server, `${run.conversation}~1`)).headers.get("etag");
    puppet.end();
    await endOf(server, run);
    expect((await read(server, `${run.conversation}~1`)).headers.get("etag")).not.toBe(before);
  });

  it("of a run that waits for its turn are of an empty stream, until it begins", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    await startRun(server, "Puppet", { message: "next", thread_id: run.conversation });
    const waiting = await read(server, `${run.conversation}~2`);
    expect(waiting).toMatchObject({ status: 200, body: [] });
    expect(waiting.headers.get("stream-up-to-date")).toBe("true");
    const path = `/v1/stream/${run.conversation}~2?offset=${offsetOf(waiting)}&live=sse`;
    const stream = await rawRequest(server.port, { path });
    puppet.end();
    puppet.say("its turn");
    puppet.end();
    expect(await stream.ending).toBe("graceful");
    const entries = framesOf(stream.text).flatMap(({ event, data }) =>
      event === "data" ? (data as LogEntry[]) : [],
    );
    expect(textOfEntries(entries)).toBe("its turn");
    expect(new Set(entries.map((entry) => entry.run))).toEqual(new Set([2]));
  });

  it("HEAD tells where a stream ends, and nothing keeps the answer", async () => {
    const server = await openServer({ agents: [scriptAgent(["one"])] });
    const run = await ended(server);
    for (const name of [run.conversation, `${run.conversation}~1`]) {
      const answer = await call(server, "HEAD", `/v1/stream/${name}`);
      expect(answer).toMatchObject({ status: 200, body: "" });
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(offsetOf(answer)).toBe(offsetOf(await read(server, name)));
      expect(answer.headers.get("stream-closed")).toBe(name.includes("~") ? "true" : null);
    }
  });

  it("a long poll in which nothing comes is answered with 204 and where to go on", async () => {
    const server = await openServer({ agents: [scriptAgent(["one"])], http: { heartbeatMs: 20 } });
    const run = await ended(server);
    const tail = offsetOf(await read(server, run.conversation));
    for (const offset of [tail, "now"]) {
      const answer = await read(server, run.conversation, `?offset=${offset}&live=long-poll`);
      expect(answer.status).toBe(204);
      expect(offsetOf(answer)).toBe(tail);
      expect(answer.headers.get("stream-up-to-date")).toBe("true");
      expect(answer.headers.get("stream-cursor")).toMatch(/^\d+$/);
    }
  });

  it("move a reader on who hands back a cursor of now or later", async () => {
    const server = await openServer({ agents: [scriptAgent(["one"])] });
    const run = await ended(server);
    const cursorAfter = async (cursor: string): Promise<number> => {
      const query = `?offset=-1&live=long-poll&cursor=${cursor}`;
      return Number((await read(server, run.conversation, query)).headers.get("stream-cursor"));
    };
    const first = await cursorAfter("");
    const second = await cursorAfter(String(first));
    const third = await cursorAfter(String(second));
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    expect(await cursorAfter("1")).toBeGreaterThanOrEqual(first);
  });

  it("over SSE end between two entries when the server stops, and go on from there on the next", async () => {
    const puppet = createPuppet();
    const open = await storePlace("sqlite");
    const server = await openServer({ store: await open(), agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    puppet.say("half of ");
    const stream = await rawRequest(server.port, {
      path: `/v1/stream/${run.conversation}?offset=-1&live=sse`,
    });
    await eventually("half of it", () => stream.text.includes("half of "));
    await server.stop();
    expect(await stream.ending).toBe("graceful");
    const frames = framesOf(stream.text);
    expect(frames.at(-1)).toMatchObject({ event: "control", data: { upToDate: true } });
    const { streamNextOffset } = frames.at(-1)!.data as { readonly streamNextOffset: string };
    const again = await openServer({ store: await open(), agents: [puppet.definition] });
    puppet.say("the whole");
    puppet.end();
    await endOf(again, run);
    const rest = await read(again, run.conversation, `?offset=${streamNextOffset}`);
    const seen = frames.flatMap(({ event, data }) => (event === "data" ? (data as LogEntry[]) : []));
    expect(textOfEntries(seen)).toBe("half of ");
    expect(textOfEntries([...seen, ...(rest.body as LogEntry[])])).toBe("the whole");
  });

  it.each([
    ["an offset that no stream gave", "?offset=1-3", 400],
    ["an empty offset", "?offset=", 400],
    ["an offset with a comma", "?offset=1,2", 400],
    ["two offsets", "?offset=-1&offset=now", 400],
    ["live without an offset", "?live=sse", 400],
    ["long-poll without an offset", "?live=long-poll", 400],
    ["an unknown way to read live", "?offset=-1&live=websocket", 400],
    ["an offset beyond the end", `?offset=${"9".padStart(16, "0")}_${"0".repeat(16)}`, 410],
    ["an offset too large for any log", `?offset=${"9".repeat(16)}_${"9".repeat(16)}`, 400],
  ])("refuse %s", async (_what, query, status) => {
    const server = await openServer({ agents: [scriptAgent(["one"])] });
    const run = await ended(server);
    const answer = await read(server, run.conversation, query);
    expect(answer.status).toBe(status);
    expect(answer.at("error.code")).toBeTypeOf("string");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each(["", "?offset=now", "?offset=-1&live=long-poll", "?offset=now&live=sse"])(
    "refuse what there is not with 404: %s",
    async (query) => {
      const server = await openServer({ agents: [scriptAgent(["one"])] });
      const run = await ended(server);
      for (const name of ["nobody", "nobody~1", `${run.conversation}~2`]) {
        const answer = await read(server, name, query);
        expect(answer.status).toBe(404);
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      }
    },
  );

  it.each(["PUT", "POST", "DELETE"])(
    "are all there is: %s is refused with what is allowed",
    async (method) => {
      const server = await openServer({ agents: [scriptAgent(["one"])] });
      const answer = await call(server, method, "/v1/stream/any", "x");
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    },
  );

  it("carry what browsers need to know", async () => {
    const server = await openServer({ agents: [scriptAgent(["one"])] });
    const run = await ended(server);
    const origin = { origin: "https://elsewhere.example" };
    for (const query of ["", "?offset=-1&live=long-poll"]) {
      const { headers } = await read(server, run.conversation, query, origin);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
      const exposed = headers.get("access-control-expose-headers")?.split(", ") ?? [];
      expect(exposed).toEqual(
        expect.arrayContaining([
          "stream-next-offset",
          "stream-up-to-date",
          "stream-closed",
          "stream-cursor",
          "etag",
        ]),
      );
    }
    const sse = await rawAnswer(server.port, { path: `/v1/stream/${run.conversation}~1?offset=-1&live=sse` });
    expect(sse.headers).toMatchObject({
      "content-type": "text/event-stream",
      "x-content-type-options": "nosniff",
      "cache-control": expect.stringContaining("no-cache"),
    });
    const preflight = await call(server, "OPTIONS", "/v1/stream/any", undefined, {
      ...origin,
      "access-control-request-method": "GET",
      "access-control-request-headers": "if-none-match",
    });
    expect(preflight.headers.get("access-control-allow-headers")).toBe("if-none-match");
  });
});
