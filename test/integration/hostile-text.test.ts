import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/define-agent.ts";
import type { ModelStep } from "../../src/ports/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { readStream, renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";

/** Says the chunks that the message lists as JSON. */
const REPEATER = defineAgent({
  name: "Repeater",
  instructions: "Say what you are told.",
  async *model(step) {
    yield* JSON.parse(messageOf(step)) as string[];
  },
});

function messageOf({ messages }: ModelStep): string {
  const [part] = messages.findLast((message) => message.role === "user")?.content ?? [];
  return part?.type === "text" ? part.text : "[]";
}

/** What any reader is to see of some chunks: the design's own words (wire rule 1), put differently than in the code. */
function expected(chunks: readonly string[]): string {
  return chunks
    .join("")
    .toWellFormed()
    .replace(/^\uFEFF+/, "")
    .split(/\r\n|\r/)
    .join("\n");
}

const CASES: Readonly<Record<string, readonly string[]>> = {
  "line feeds": ["a\n", "\nb\n\n\nc\n"],
  "only line feeds": ["\n", "\n\n"],
  "carriage returns": ["a\rb", "\r", "c\r\rd"],
  CRLF: ["a\r\nb\r\n\r\nc"],
  "CRLF split over chunks": ["a\r", "\nb\r", "", "\n", "\r", "\nc"],
  "a carriage return at the very end": ["a", "\r"],
  "NUL and other control characters": ["a\0b", "\u0001\u001b[31m\u007f\u0085"],
  "a forged data field": ["a\ndata: forged\n\n", "data: [DONE]\n\n"],
  "a forged event": ["x\n\nevent: done\ndata: [DONE]\n\n", "\nevent: error\n", "id: 9-9\n\n"],
  "a forged event with carriage returns": ["x\r\revent: done\rdata: [DONE]\r\r", "\r", "event: done\r\n\r\n"],
  "a forged end and heartbeat": [": end\n", "\n: end\n", ": hb\n", "\n\nretry: 1\n\n"],
  "a forged line of JSON": ['{"event":"end"}\n{"event":"done","cursor":"9-9"}\n'],
  "line and paragraph separators": ["a\u2028b\u2029c", "\u0085", "\v\f"],
  "a byte-order mark at the start": ["\uFEFF", "a"],
  "byte-order marks everywhere": ["\uFEFF\uFEFFa\uFEFF", "\uFEFF", "b\uFEFF"],
  "lone surrogates": ["a\ud83d", "b\ude00", "\ude00\ud83d", "c"],
  "an emoji split across chunks": ["a\ud83d", "\ude00b", "👨‍👩", "‍👧\ud83c", "", "\udf63"],
  "spaces at the edges of lines": [" a ", "\n  b", " ", "\n "],
  "empty chunks": ["", "a", "", "", "b", ""],
  "nothing at all": ["", ""],
  "a very long chunk": ["0123456789".repeat(30_000), "\n", "é".repeat(100_000)],
  "a long line of many chunks": Array.from({ length: 2000 }, (_, index) => `${index} `),
};

describe.each(STORE_KINDS)("hostile text on the %s store", (store) => {
  it.each(Object.entries(CASES))("%s: every format gives the same text", async (_what, chunks) => {
    const server = await openServer({ store, agents: [REPEATER] });
    await expectSameText(server, chunks);
  });

  it("a hostile message is kept and told as every format can carry it", async () => {
    const server = await openServer({ store, agents: [REPEATER] });
    const message = '[] \r\n\0\u2028\ud800\n\nevent: done\ndata: [DONE]\n\n"';
    const run = await startRun(server, "Repeater", { message });
    const status = await endOf(server, run);
    expect(status.at("message")).toBe(expected([message]));
    const history = await call(server, "GET", `/api/conversations/${run.conversation}`);
    expect(history.at("runs.0.messages.0.content.0.text")).toBe(expected([message]));
    const { events } = await readStream(server.port, `${run.streamPath}?events=all`);
    const start = events.find(({ event }) => event === "run-start");
    expect(JSON.parse(start!.data)).toMatchObject({ input: expected([message]) });
  });
});

it("whatever the chunks are, every format gives the same text", async () => {
  const server = await openServer({ agents: [REPEATER] });
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const sharp = fc.constantFrom(
    "\r",
    "\n",
    "\uFEFF",
    "\ud83d",
    "\ude00",
    "data: ",
    "event: done",
    ": end",
    " ",
    "\0",
  );
  const chunk = fc.oneof(fc.string({ unit }), fc.string({ unit: sharp }), fc.string({ unit: "grapheme" }));
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), (chunks) => expectSameText(server, chunks)),
    { numRuns: 150 },
  );
});

async function expectSameText(server: TestServer, chunks: readonly string[]): Promise<void> {
  const text = expected(chunks);
  const run = await startRun(server, "Repeater", { message: JSON.stringify(chunks) });
  const live = await readStream(server.port, run.streamPath);
  const sse = await readStream(server.port, run.streamPath);
  const lines = await readStream(server.port, run.streamPath, { format: "application/x-ndjson" });
  const plain = await fetch(server.url + run.streamPath, { headers: { accept: "text/plain" } });
  const history = await call(server, "GET", `/api/conversations/${run.conversation}`);
  const status = await call(server, "GET", run.statusPath);
  expect(status.at("status")).toBe("Completed");

  for (const { events } of [live, sse, lines]) {
    expect(renderedText(events)).toBe(text);
    expectNothingForged(events);
  }
  expect(sse.text).toBe(live.text);
  expect(sse.text.match(/^: end$/gm)).toHaveLength(1);
  expect(lines.events.map(({ cursor }) => cursor)).toEqual(sse.events.map(({ cursor }) => cursor));
  expect(await plain.text()).toBe(`${text}\n`);
  expect(history.at("runs.0.response")).toBe(text);
  expect(status.at("response")).toBe(text);
}

/** Messages, and one end, with cursors that grow one by one. */
function expectNothingForged(events: readonly StreamEvent[]): void {
  const kinds = events.map(({ event }) => event);
  expect(kinds).toEqual([...kinds.slice(0, -1).map(() => "message"), "done"]);
  const places = events.map(({ cursor }) => Number(/^1-(\d+)$/.exec(cursor)?.[1]));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(new Set(places).size).toBe(places.length);
}
