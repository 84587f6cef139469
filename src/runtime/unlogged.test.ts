import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgentError, foldRun } from "../core/index.ts";
import type { EventBody, LogEvent, ProviderResponse, StepEvent } from "../core/index.ts";
import type { LogWriter } from "./log-writer.ts";
import { unloggedAnswer } from "./unlogged.ts";

const STEP = 1;
const BEGUN: readonly EventBody[] = [
  { type: "step-start", step: STEP, kind: "model" },
  { type: "provider-response", step: STEP, responseId: "r" },
];

/** A text for each part, cut into deltas. */
const parts = fc.array(fc.array(fc.string({ minLength: 1, maxLength: 4 })), { minLength: 1, maxLength: 4 });

describe("a response that is said once more", () => {
  test("adds exactly what is not logged, wherever the worker was lost and however it is cut into deltas", () => {
    fc.assert(
      fc.property(parts, fc.nat(), fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (texts, cut, sizes) => {
        const events = texts.flatMap((deltas, part) => eventsOf(part, deltas));
        const before = events.slice(0, cut % (events.length + 1));
        const again = texts.flatMap((deltas, part) => eventsOf(part, recut(deltas.join(""), sizes)));
        const written = replay(before, again);
        for (const part of texts.keys()) {
          expect(textOf(part, [...before, ...written])).toBe(texts[part]?.join(""));
          const edges = [...before, ...written].filter(
            (event) => "id" in event && event.id === `${part}` && event.type !== "text-delta",
          );
          expect(edges.map((event) => event.type)).toEqual(["text-start", "text-end"]);
        }
      }),
    );
  });

  test("does not set a text apart again that was set apart when it began", () => {
    const separator = {
      type: "text-delta",
      step: STEP,
      id: "0",
      delta: "\n\n",
      sequence: 0,
      separator: true,
    } as const;
    expect(replay([separator, delta("0", "Half")], [separator, delta("0", "Half a text")])).toEqual([
      delta("0", " a text"),
    ]);
  });

  test("leaves out the app's own events by their number, and calls of the provider by their name", () => {
    const data = (value: number): StepEvent => ({ type: "data", step: STEP, name: "n", value });
    const call: StepEvent = {
      type: "tool-call",
      step: STEP,
      callId: "c",
      name: "t",
      input: {},
      providerExecuted: true,
    };
    expect(replay([data(1), call], [data(1), call, data(2)])).toEqual([data(2)]);
  });

  test.each([
    ["is another text", [delta("0", "Half a text")], [delta("0", "Half an answer")]],
    ["is shorter than what was shown", [delta("0", "Half a text")], [delta("0", "Half")]],
    ["goes by another name", [], [{ type: "provider-response", step: STEP, responseId: "other" } as const]],
  ])("is given up, in the log too, where it %s", (_, before, again) => {
    const written: EventBody[] = [];
    expect(() => replay(before, again, written)).toThrow(AgentError);
    expect(written.at(-1)).toEqual({ type: "provider-response-lost", step: STEP });
  });
});

function replay(
  before: readonly StepEvent[],
  again: readonly StepEvent[],
  written: EventBody[] = [],
): readonly EventBody[] {
  const writer = { write: (body: EventBody) => written.push(body) } as unknown as LogWriter;
  const log = unloggedAnswer(writer, STEP, responseAfter(before));
  for (const event of again) log.write(event);
  log.end();
  return written;
}

function responseAfter(events: readonly StepEvent[]): ProviderResponse {
  const bodies = [...BEGUN, ...events];
  const log = bodies.map((body, seq): LogEvent => ({ v: 1, attempt: 1, seq, at: 0, run: 1, ...body }));
  const response = foldRun(log).open?.response;
  if (!response) throw new Error("The response is not in the fold.");
  return response;
}

function eventsOf(part: number, deltas: readonly string[]): readonly StepEvent[] {
  const id = `${part}`;
  return [
    { type: "text-start", step: STEP, id },
    ...deltas.map((each) => delta(id, each)),
    { type: "text-end", step: STEP, id },
  ];
}

function delta(id: string, text: string): StepEvent {
  return { type: "text-delta", step: STEP, id, delta: text, sequence: 0 };
}

function recut(text: string, sizes: Iterator<number>): readonly string[] {
  const deltas: string[] = [];
  for (let at = 0; at < text.length;) {
    const size = Number(sizes.next().value);
    deltas.push(text.slice(at, at + size));
    at += size;
  }
  return deltas;
}

function textOf(part: number, events: readonly EventBody[]): string {
  return events
    .map((event) => (event.type === "text-delta" && event.id === `${part}` ? event.delta : ""))
    .join("");
}
