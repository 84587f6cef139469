import { cursorAt, START } from "../../src/core/index.ts";
import type { ConversationId, EventBody, LogEvent } from "../../src/core/index.ts";
import type { DescribedRun } from "../../src/projections/index.ts";

/** A run with a bit of everything: a crash in mid-text, a tool, a person's leave, the app's own data. */
export const GOLDEN_RUN: DescribedRun = {
  conversation: "trip" as ConversationId,
  run: 1,
  id: "public-id",
  agent: "Planner",
  input: "Plan a trip.",
  options: {},
  acceptedAt: 1_700_000_000_000,
};

const USAGE = { inputTokens: 10, outputTokens: 5 };
const PAY = { callId: "c1", name: "pay", input: { euros: 5 } };

const ATTEMPTS: readonly (readonly EventBody[])[] = [
  [
    { type: "attempt-start", worker: "one", follows: START },
    {
      type: "run-start",
      id: GOLDEN_RUN.id,
      agent: GOLDEN_RUN.agent,
      input: GOLDEN_RUN.input,
      acceptedAt: GOLDEN_RUN.acceptedAt,
      options: {},
    },
    { type: "step-start", step: 1, kind: "model" },
    { type: "reasoning-start", step: 1, id: "r" },
    { type: "reasoning-delta", step: 1, id: "r", delta: "A trip?" },
    { type: "reasoning-end", step: 1, id: "r" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "I wou", sequence: 0 },
  ],
  [
    { type: "attempt-start", worker: "two", follows: cursorAt(1, 7) },
    { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted", withdrawsText: true },
    { type: "step-start", step: 1, kind: "model" },
    { type: "text-start", step: 1, id: "t" },
    { type: "text-delta", step: 1, id: "t", delta: "May I ", sequence: 1 },
    { type: "text-delta", step: 1, id: "t", delta: "pay?", sequence: 2 },
    { type: "text-end", step: 1, id: "t" },
    { type: "tool-input-start", step: 1, callId: "c1", name: "pay" },
    { type: "tool-input-delta", step: 1, callId: "c1", delta: '{"euros":5}' },
    {
      type: "step-end",
      step: 1,
      message: {
        role: "assistant",
        content: [
          { type: "text", text: "May I pay?" },
          { type: "tool-call", toolCallId: "c1", toolName: "pay", input: PAY.input },
        ],
      },
      usage: USAGE,
      finishReason: "tool-calls",
    },
    { type: "step-start", step: 2, kind: "tools" },
    { type: "approval-request", step: 2, approvalId: "1:2:c1", ...PAY },
  ],
  [
    { type: "attempt-start", worker: "two", follows: cursorAt(2, 11) },
    { type: "approval-response", step: 2, approvalId: "1:2:c1", callId: "c1", approved: true },
    { type: "tool-call", step: 2, ...PAY },
    { type: "data", step: 2, name: "progress", value: 0.5 },
    { type: "tool-result", step: 2, callId: "c1", name: "pay", output: { type: "json", value: { paid: 5 } } },
    { type: "step-end", step: 2, message: { role: "tool", content: [] } },
    { type: "step-start", step: 3, kind: "model" },
    { type: "text-start", step: 3, id: "t" },
    { type: "text-delta", step: 3, id: "t", delta: "\n\n", sequence: 3, separator: true },
    { type: "text-delta", step: 3, id: "t", delta: "Paid.", sequence: 4 },
    { type: "text-end", step: 3, id: "t" },
    {
      type: "step-end",
      step: 3,
      message: { role: "assistant", content: [{ type: "text", text: "Paid." }] },
      usage: USAGE,
      finishReason: "stop",
    },
    { type: "run-completed", usage: { inputTokens: 20, outputTokens: 10 } },
  ],
];

export const GOLDEN_EVENTS: readonly LogEvent[] = ATTEMPTS.flatMap((bodies, index) =>
  bodies.map((body, seq) => ({
    v: 1,
    attempt: index + 1,
    seq,
    at: GOLDEN_RUN.acceptedAt + index * 1000 + seq,
    run: 1,
    ...body,
  })),
);
