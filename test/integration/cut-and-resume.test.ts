import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { CATCH_UP_PAGE, CATCH_UP_PIECE, FIRST_PAGE } from "../../src/runtime/log-reader.ts";
import { eventually } from "../../src/testing/index.ts";
import { endOf, startRun, storedText } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import type { ReadStream, StreamOptions } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";

const CHUNKS = ["Day 1:\n", "Asakusa, ", "東京 ", "🍣", "\n\n", "data: ", " spaced ", "\nDay 2: ", "the end"];
const FORMATS = ["text/event-stream", "application/x-ndjson"] as const;
const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });
const CALL: Move = { type: "tool-call", callId: "c", name: "nothing", input: {} };
const TURNS: readonly (readonly Move[])[] = [
  ["First ", "words.", CALL],
  ["Let me see", BUSY],
  ["Look: ", CALL],
  ["All ", "done."],
];

/** A client's two ways to say where it was. */
const MANNERS: Record<string, (path: string, cursor: string) => readonly [string, StreamOptions]> = {
  "?cursor=": (path, cursor) => [`${path}?cursor=${cursor}`, {}],
  "Last-Event-ID": (path, cursor) => [path, { headers: { "last-event-id": cursor } }],
};

describe.each(STORE_KINDS)("a stream on the %s store", (store) => {
  describe.each(FORMATS)("as %s", (format) => {
    it.each(Object.keys(MANNERS))(
      "resumes by %s after a cut at any event of an ended run",
      async (manner) => {
        const server = await openServer({ store, agents: [scriptAgent(CHUNKS)] });
        const run = await startRun(server, "Script");
        await endOf(server, run);
        const stored = await storedText(server, run);
        const whole = await readStream(server.port, run.streamPath, { format });
        expect(stored).toBe(CHUNKS.join(""));
        expect(renderedText(whole.events)).toBe(stored);
        expect(whole.events).toHaveLength(CHUNKS.length + 1);

        for (let cutAfter = 1; cutAfter < whole.events.length; cutAfter++) {
          const before = await readStream(server.port, run.streamPath, { format, cutAfter });
          expect(before.ended).toBe("cut-by-client");
          const [path, options] = MANNERS[manner]!(run.streamPath, before.events.at(-1)!.cursor);
          const after = await readStream(server.port, path, { format, ...options });
          expect([...before.events, ...after.events]).toEqual(whole.events);
          expect(after.ended).toBe("graceful");
        }
      },
    );
  });

  it("resumes after a cut at any event of all events of a run, where x-stream-resume says", async () => {
    const server = await openServer({ store, agents: [turnsAgent(TURNS.filter(cannotFail)).definition] });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    const path = `${run.streamPath}?run=1&events=all`;
    const whole = await readStream(server.port, path);
    expect(whole.events.at(-1)!.event).toBe("run-completed");
    for (let cutAfter = 1; cutAfter < whole.events.length; cutAfter++) {
      const { events, headers } = await readStream(server.port, path, { cutAfter });
      const after = await readStream(server.port, headers["x-stream-resume"]!, {
        headers: { "last-event-id": events.at(-1)!.cursor },
      });
      expect([...events, ...after.events]).toEqual(whole.events);
    }
  });

  it("resumes anywhere in a long answer, whatever pages it is read in", async () => {
    const chunks = Array.from({ length: FIRST_PAGE + CATCH_UP_PAGE + 200 }, (_, index) => `${index} `);
    const server = await openServer({ store, agents: [scriptAgent(chunks)] });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    const whole = await readStream(server.port, run.streamPath);
    expect(renderedText(whole.events)).toBe(chunks.join(""));
    for (const pages of [0, FIRST_PAGE, CATCH_UP_PIECE, CATCH_UP_PAGE, FIRST_PAGE + CATCH_UP_PAGE]) {
      for (const at of [pages, pages + 100, ...[1, 2, 3, 4].map((few) => Math.max(0, pages - few))]) {
        const rest = await readStream(server.port, `${run.streamPath}?cursor=${whole.events[at]!.cursor}`);
        expect(rest.events).toEqual(whole.events.slice(at + 1));
      }
    }
  });

  it("resumes after a cut at any event of a run that goes on meanwhile", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    for (let cutAfter = 1; cutAfter <= CHUNKS.length; cutAfter++) {
      const run = await startRun(server, "Puppet");
      const watching = readStream(server.port, run.streamPath, { cutAfter });
      for (const chunk of CHUNKS.slice(0, cutAfter)) puppet.say(chunk);
      const before = await watching;
      puppet.say(...CHUNKS.slice(cutAfter));
      const resumed = readStream(server.port, run.streamPath, {
        headers: { "last-event-id": before.events.at(-1)!.cursor },
      });
      puppet.end();
      const after = await resumed;
      expect(renderedText([...before.events, ...after.events])).toBe(CHUNKS.join(""));
      expect(await storedText(server, run)).toBe(CHUNKS.join(""));
    }
  });

  it("resumes after a cut at any event of a run with a tool step and a withdrawn step", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    for (let cutAfter = 1; ; cutAfter++) {
      const run = await startRun(server, "Puppet");
      const stream = await openStream(server.port, run.streamPath, { cutAfter });
      for (const turn of TURNS) {
        puppet.say(...turn);
        if (!turn.includes(BUSY)) puppet.end();
      }
      const ended = await stream.ending;
      const before = stream.events;
      await endOf(server, run);
      const stored = await storedText(server, run);
      expect(stored).toBe("First words.\n\nLook: \n\nAll done.");
      if (ended === "graceful") {
        expect(before.map(({ event }) => event)).toContain("step-reset");
        expect(renderedText(before)).toBe(stored);
        break;
      }
      const after = await readStream(server.port, `${run.streamPath}?cursor=${before.at(-1)!.cursor}`);
      expect(renderedText([...before, ...after.events])).toBe(stored);
    }
  });

  it("gives the same bytes to readers who come before, in the middle, after, and ten at once", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const early = readStream(server.port, run.streamPath);
    const watching = await openStream(server.port, run.streamPath);
    puppet.say(...CHUNKS.slice(0, 4));
    await eventually("half of the text", () => watching.events.length === 4);
    const middle = Array.from({ length: 10 }, () => readStream(server.port, run.streamPath));
    puppet.say(...CHUNKS.slice(4));
    puppet.end();
    const readers = await Promise.all([early, ...middle]);
    const late = await readStream(server.port, run.streamPath);
    expect(new Set([...readers, late].map(bytesOf)).size).toBe(1);
    expect(late.text).toMatch(/event: done\ndata: \[DONE\]\n\n: end\n$/);
    expect(renderedText(late.events)).toBe(await storedText(server, run));
  });

  it("sends the headers before there is a chunk, and each chunk when it is stored", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    expect(stream.status).toBe(200);
    expect(stream.text).toBe("");
    for (const [index, chunk] of CHUNKS.entries()) {
      puppet.say(chunk);
      await eventually("the chunk", () => stream.events.length === index + 1);
      expect(stream.events.at(-1)!.data).toBe(chunk);
    }
    puppet.end();
    expect(await stream.ending).toBe("graceful");
  });
});

function cannotFail(turn: readonly Move[]): boolean {
  return !turn.includes(BUSY);
}

function bytesOf({ text, ended }: ReadStream): string {
  expect(ended).toBe("graceful");
  return text;
}
