import { cursorAt, cursorOf, foldRun, START, textOf } from "../../src/core/index.ts";
import type { Cursor, EventBody, LogEvent, VoidedRange } from "../../src/core/index.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

/** A conversation's log as workers that crash and models that stumble would have written it. */
export interface GeneratedLog {
  readonly events: readonly LogEvent[];
  /** The stored text of each run. */
  readonly texts: ReadonlyMap<number, string>;
}

const WORDS = ["one ", "two\n", "東京 ", "🍣", "data: x", "\n\n", "id: 9-9\n", "end", ": end\n", " "];
const ENDS: readonly EventBody[] = [
  { type: "run-completed", usage: { inputTokens: 1, outputTokens: 2 } },
  { type: "run-failed", code: "model_failed", message: "No.", usage: { inputTokens: 1, outputTokens: 2 } },
  { type: "run-cancelled", usage: { inputTokens: 1, outputTokens: 2 } },
];

export function generateLog(random: SeededRandom): GeneratedLog {
  const events: LogEvent[] = [];
  let attempt = 0;
  let seq = 0;
  let run = 0;

  function write(body: EventBody): Cursor {
    const event: LogEvent = { v: 1, attempt, seq, at: events.length, run, ...body };
    events.push(event);
    seq += 1;
    return cursorOf(event);
  }

  function beginAttempt(): void {
    const last = events.at(-1);
    const follows = last ? cursorOf(last) : START;
    attempt += 1;
    seq = 0;
    write({ type: "attempt-start", worker: "w", follows });
  }

  /** Writes a step until it is whole; what a crash or a retry leaves is withdrawn. */
  function writeStep(step: number): void {
    const from = write({ type: "step-start", step, kind: "model" });
    const deltas = random.between(0, 6);
    for (let index = 0; index < deltas; index++) {
      write({ type: "text-delta", step, id: "t", delta: random.pick(WORDS), sequence: index });
      if (random.chance(0.1)) write({ type: "data", step, name: "progress", value: index });
      if (random.chance(0.12)) {
        const crashed = random.chance(0.6);
        if (crashed) beginAttempt();
        if (crashed && random.chance(0.3)) beginAttempt();
        write({
          type: "step-reset",
          step,
          from,
          reason: crashed ? "interrupted" : "retry",
          withdrawsText: true,
        });
        writeStep(step);
        return;
      }
    }
    write({ type: "step-end", step, message: { role: "assistant", content: [] } });
  }

  const runs = random.between(1, 3);
  while (run < runs) {
    run += 1;
    beginAttempt();
    write({ type: "run-start", id: `r${run}`, agent: "A", input: "Go.", acceptedAt: 0, options: {} });
    const steps = random.between(1, 3);
    for (let step = 1; step <= steps; step++) writeStep(step);
    write(random.pick(ENDS));
  }
  const texts = new Map<number, string>();
  for (let each = 1; each <= runs; each++) texts.set(each, textAt(events, each, events.length));
  return { events, texts };
}

/** What a run shows after the first entries of a log, by the rules of the core. */
export function textAt(events: readonly LogEvent[], run: number, count: number): string {
  return textOf(foldRun(events.slice(0, count).filter((event) => event.run === run)));
}

/** What the resets among some entries have voided. */
export function voidedBy(events: readonly LogEvent[]): readonly VoidedRange[] {
  return events.flatMap((event) =>
    event.type === "step-reset" ? [{ from: event.from, reset: cursorAt(event.attempt, event.seq) }] : [],
  );
}
