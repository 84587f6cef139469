import { cursorOf, START } from "../../src/core/index.ts";
import type { ConversationId, Cursor, EventBody, LogEvent } from "../../src/core/index.ts";
import type { DescribedRun } from "../../src/projections/index.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

/** The entries of one run with text, reasoning, tools and approvals, as workers that crash would have written them. */
export interface GeneratedRun {
  readonly run: DescribedRun;
  readonly events: readonly LogEvent[];
}

const WORDS = ["one ", "two\n", "東京 ", "🍣", "data: x", "\n\n", '"quoted"', ": end\n", " "];

const USAGE = { inputTokens: 3, outputTokens: 5 };
const ENDS: readonly EventBody[] = [
  { type: "run-completed", usage: USAGE },
  { type: "run-failed", code: "model_failed", message: "No.", usage: USAGE },
  { type: "run-cancelled", usage: USAGE },
  { type: "run-cancelled", reason: "Enough.", usage: USAGE },
  { type: "run-incomplete", reason: "max_steps", usage: USAGE },
];

export function generateRun(random: SeededRandom): GeneratedRun {
  const run: DescribedRun = {
    conversation: "generated" as ConversationId,
    run: random.between(1, 3),
    id: "public-id",
    agent: "Generated",
    input: "Go.",
    options: {},
    acceptedAt: 1_700_000_000_000,
  };
  const events: LogEvent[] = [];
  let attempt = random.between(1, 5);
  let seq = 0;
  let chunks = 0;
  let texts = 0;

  function write(body: EventBody): Cursor {
    const event: LogEvent = {
      v: 1,
      attempt,
      seq,
      at: run.acceptedAt + events.length,
      run: run.run,
      ...body,
    };
    events.push(event);
    seq += 1;
    return cursorOf(event);
  }

  function beginAttempt(): void {
    const last = events.at(-1);
    attempt += 1;
    seq = 0;
    write({ type: "attempt-start", worker: "w", follows: last ? cursorOf(last) : START });
  }

  /** Whether the worker crashed, or the model stumbled, in this step: then it is withdrawn. */
  function stumbles(step: number, from: Cursor): boolean {
    if (!random.chance(0.04)) return false;
    const crashed = random.chance(0.6);
    if (crashed) beginAttempt();
    write({
      type: "step-reset",
      step,
      from,
      reason: crashed ? "interrupted" : "retry",
      withdrawsText: true,
    });
    return true;
  }

  function writeText(type: "text" | "reasoning", step: number, from: Cursor): string | undefined {
    const id = `${type}-${texts}`;
    texts += 1;
    write({ type: `${type}-start`, step, id });
    let text = "";
    const deltas = random.between(0, 4);
    for (let index = 0; index < deltas; index++) {
      const delta = random.pick(WORDS);
      text += delta;
      write(
        type === "text"
          ? { type: "text-delta", step, id, delta, sequence: chunks++ }
          : { type: "reasoning-delta", step, id, delta },
      );
      if (stumbles(step, from)) return undefined;
    }
    write({ type: `${type}-end`, step, id });
    return text;
  }

  /** A model call; gives the tool calls it asks for, or undefined when it was withdrawn. */
  function tryModelStep(step: number): readonly string[] | undefined {
    const from = write({ type: "step-start", step, kind: "model" });
    const content: Extract<EventBody, { type: "step-end" }>["message"]["content"][number][] = [];
    for (const type of ["reasoning", "text", "text"] as const) {
      if (random.chance(0.4)) continue;
      const text = writeText(type, step, from);
      if (text === undefined) return undefined;
      if (text !== "") content.push({ type, text });
    }
    if (random.chance(0.2)) write({ type: "data", step, name: "progress", value: { step } });
    const calls = Array.from({ length: random.between(0, 2) }, (_, index) => `call-${step}-${index}`);
    for (const callId of calls) {
      write({ type: "tool-input-start", step, callId, name: "get_weather" });
      write({ type: "tool-input-delta", step, callId, delta: '{"city":' });
      if (stumbles(step, from)) return undefined;
      write({ type: "tool-input-delta", step, callId, delta: '"Rome"}' });
      content.push({
        type: "tool-call",
        toolCallId: callId,
        toolName: "get_weather",
        input: { city: "Rome" },
      });
    }
    const message = { role: "assistant", content } as Extract<EventBody, { type: "step-end" }>["message"];
    write({
      type: "step-end",
      step,
      message,
      usage: USAGE,
      finishReason: calls.length > 0 ? "tool-calls" : "stop",
    });
    return calls;
  }

  function writeToolRound(step: number, calls: readonly string[]): void {
    write({ type: "step-start", step, kind: "tools" });
    const results: { type: "tool-result"; toolCallId: string; toolName: string; output: never }[] = [];
    for (const callId of calls) {
      const name = "get_weather";
      const input = { city: "Rome" };
      if (random.chance(0.3)) {
        const approvalId = `${run.run}:${step}:${callId}`;
        write({ type: "approval-request", step, approvalId, callId, name, input });
        if (random.chance(0.3)) beginAttempt();
        const approved = random.chance(0.6);
        write({
          type: "approval-response",
          step,
          approvalId,
          callId,
          approved,
          ...(!approved && { reason: "Too far." }),
        });
        if (!approved) {
          write({ type: "tool-error", step, callId, name, reason: "denied", message: "Too far." });
          continue;
        }
      }
      write({ type: "tool-call", step, callId, name, input });
      if (random.chance(0.3)) write({ type: "data", step, name: "progress", value: 0.5 });
      if (random.chance(0.15)) {
        beginAttempt();
        write({
          type: "tool-error",
          step,
          callId,
          name,
          reason: "interrupted",
          message: "Interrupted; outcome unknown.",
        });
        continue;
      }
      const output = { type: "json", value: { city: "Rome", temperature: 21 } } as const;
      write({ type: "tool-result", step, callId, name, output });
      results.push({ type: "tool-result", toolCallId: callId, toolName: name, output: output as never });
    }
    write({ type: "step-end", step, message: { role: "tool", content: results } });
  }

  beginAttempt();
  write({
    type: "run-start",
    id: run.id,
    agent: run.agent,
    input: run.input,
    acceptedAt: run.acceptedAt,
    options: run.options,
  });
  const rounds = random.between(1, 3);
  let step = 0;
  for (let round = 0; round < rounds; round++) {
    step += 1;
    let calls: readonly string[] | undefined;
    while (calls === undefined) calls = tryModelStep(step);
    if (calls.length > 0) {
      step += 1;
      writeToolRound(step, calls);
    }
  }
  write(random.pick(ENDS));
  return { run, events };
}
