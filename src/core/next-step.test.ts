import { describe, expect, test } from "vitest";
import { cursorAt } from "./cursor.ts";
import type { EventBody, LogEvent } from "./event.ts";
import { foldRun } from "./fold.ts";
import type { RunState } from "./fold.ts";
import type { InboxItem } from "./inbox.ts";
import type { AssistantMessage } from "./message.ts";
import { approvalIdOf, nextStep, spentItems } from "./next-step.ts";
import type { Decision, RunPolicy } from "./next-step.ts";
import { NO_USAGE } from "./usage.ts";

const POLICY: RunPolicy = {
  maxSteps: 4,
  maxTokens: 1_000,
  runTimeoutMs: 60_000,
  onInterrupted: "restart",
  reattaches: false,
  maxAttemptsWithoutProgress: 2,
  needsApproval: (call) => call.toolName === "guarded",
  mayRepeat: (name) => name === "safe",
};

const START: EventBody = { type: "run-start", id: "r", agent: "A", input: "hi", acceptedAt: 0, options: {} };
const ATTEMPT: EventBody = { type: "attempt-start", worker: "w", follows: cursorAt(0, 0) };
const OPEN_MODEL: EventBody = { type: "step-start", step: 1, kind: "model" };
const OPEN_TOOLS: EventBody = { type: "step-start", step: 2, kind: "tools" };

function calls(...names: string[]): AssistantMessage {
  return {
    role: "assistant",
    content: names.map((toolName) => ({
      type: "tool-call",
      toolCallId: `call-${toolName}`,
      toolName,
      input: {},
    })),
  };
}

function modelEnds(
  message: AssistantMessage,
  finishReason: "stop" | "tool-calls" | "length" = "stop",
): EventBody {
  return { type: "step-end", step: 1, message, finishReason };
}

const RESPONSE: EventBody = { type: "provider-response", step: 1, responseId: "resp" };
const HALF: EventBody = { type: "text-delta", step: 1, id: "t", delta: "Half an ans", sequence: 0 };
const SAID: AssistantMessage = { role: "assistant", content: [{ type: "text", text: "done" }] };

/** Folds events, of which those after each `attempt-start` belong to the next attempt. */
function after(...bodies: EventBody[]): RunState {
  let attempt = 0;
  let seq = 0;
  return foldRun(
    bodies.map((body): LogEvent => {
      if (body.type === "attempt-start") {
        attempt += 1;
        seq = 0;
      } else seq += 1;
      return { v: 1, attempt, seq, at: 100, run: 1, ...body };
    }),
  );
}

function decide(state: RunState, inbox: readonly InboxItem[] = [], now = 200): Decision {
  return nextStep(state, inbox, POLICY, now);
}

const queued: InboxItem = {
  kind: "run",
  itemId: 7,
  at: 0,
  run: 1,
  id: "r",
  agent: "A",
  input: "hi",
  options: {},
};

describe("between runs", () => {
  test("the run that waits first begins", () => {
    expect(decide(after(), [queued])).toEqual({ kind: "start-run", item: queued });
  });

  test("nothing waiting is nothing to do, whatever else lies in the inbox", () => {
    expect(decide(after(), [{ kind: "cancel", itemId: 1, at: 0, upTo: 9 }]).kind).toBe("idle");
    expect(decide(after(ATTEMPT, START, { type: "run-completed", usage: NO_USAGE })).kind).toBe("idle");
  });
});

describe("a run under way", () => {
  test("calls the model first", () => {
    expect(decide(after(ATTEMPT, START))).toEqual({ kind: "call-model", step: 1 });
  });

  test("withdraws a model step that another attempt left open", () => {
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, ATTEMPT))).toEqual({
      kind: "reset-step",
      step: 1,
      from: cursorAt(1, 2),
    });
  });

  test("keeps what a broken-off step has written where its agent wants that, and goes on from there", () => {
    const half: EventBody = { type: "text-delta", step: 1, id: "t", delta: "Half an ans", sequence: 0 };
    const policy: RunPolicy = { ...POLICY, onInterrupted: "continue" };
    const broken = after(ATTEMPT, START, OPEN_MODEL, half, ATTEMPT);
    expect(nextStep(broken, [], policy, 200)).toEqual({ kind: "keep-step", step: 1, text: "Half an ans" });
    expect(nextStep(after(ATTEMPT, START, OPEN_MODEL, ATTEMPT), [], policy, 200).kind).toBe("reset-step");
    const kept: EventBody = { type: "step-end", step: 1, message: SAID, finishReason: "interrupted" };
    expect(nextStep(after(ATTEMPT, START, OPEN_MODEL, half, ATTEMPT, kept), [], policy, 200)).toEqual({
      kind: "call-model",
      step: 2,
    });
  });

  test("reads a broken-off step's response on where its provider has gone on with it", () => {
    const policy: RunPolicy = { ...POLICY, reattaches: true, onInterrupted: "continue" };
    const begun = [ATTEMPT, START, OPEN_MODEL, RESPONSE, HALF, ATTEMPT];
    expect(nextStep(after(...begun), [], policy, 200)).toEqual({
      kind: "reattach-step",
      step: 1,
      responseId: "resp",
    });
    // Also when the connection broke and the worker did not.
    expect(nextStep(after(...begun.slice(0, -1)), [], policy, 200).kind).toBe("reattach-step");
    expect(nextStep(after(...begun), [], { ...policy, reattaches: false }, 200).kind).toBe("keep-step");
    expect(decide(after(...begun)).kind).toBe("reset-step");
  });

  test("does not read on what the provider has lost, but cancels before anything else", () => {
    const policy: RunPolicy = { ...POLICY, reattaches: true };
    const cancel: InboxItem = { kind: "cancel", itemId: 3, at: 0, upTo: 1 };
    const lost: EventBody = { type: "provider-response-lost", step: 1 };
    const begun = [ATTEMPT, START, OPEN_MODEL, RESPONSE, HALF, ATTEMPT];
    expect(nextStep(after(...begun, lost), [], policy, 200).kind).toBe("reset-step");
    expect(nextStep(after(...begun), [cancel], policy, 200).kind).toBe("cancel-run");
  });

  test("completes when the model has answered", () => {
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, modelEnds(SAID))).kind).toBe("complete-run");
  });

  test("stops short when the model ran into its limit", () => {
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, modelEnds(SAID, "length")))).toEqual({
      kind: "stop-short",
      reason: "max_output_tokens",
    });
  });

  test("is cancelled before anything else happens", () => {
    const cancel: InboxItem = { kind: "cancel", itemId: 3, at: 0, upTo: 1, reason: "enough" };
    expect(decide(after(ATTEMPT, START, OPEN_MODEL), [cancel])).toEqual({
      kind: "cancel-run",
      reason: "enough",
    });
  });

  test("is not cancelled by what speaks of earlier runs only", () => {
    expect(decide(after(ATTEMPT, START), [{ kind: "cancel", itemId: 3, at: 0, upTo: 0 }]).kind).toBe(
      "call-model",
    );
  });

  test("is given up when too many attempts in a row brought nothing to an end", () => {
    const state = after(ATTEMPT, START, OPEN_MODEL, ATTEMPT, ATTEMPT);
    expect(decide(state)).toMatchObject({ kind: "fail-run", code: "too_many_attempts" });
  });

  test("is not given up while its steps come to an end", () => {
    const state = after(ATTEMPT, START, OPEN_MODEL, modelEnds(calls("safe")), ATTEMPT, ATTEMPT);
    expect(decide(state).kind).toBe("call-tools");
  });
});

describe("a run's limits", () => {
  test("fail it when its time is up, whatever it is doing", () => {
    expect(decide(after(ATTEMPT, START, OPEN_MODEL), [], 60_100)).toMatchObject({
      kind: "fail-run",
      code: "deadline_exceeded",
    });
  });

  test("do not count the time in which it waits for people, one wait however many are asked", () => {
    const ask = (name: string): EventBody => ({
      type: "approval-request",
      step: 2,
      approvalId: name,
      callId: `call-${name}`,
      name,
      input: {},
    });
    const asked = after(
      ATTEMPT,
      START,
      OPEN_MODEL,
      modelEnds(calls("guarded", "g2")),
      OPEN_TOOLS,
      ask("guarded"),
      ask("g2"),
    );
    expect(decide(asked, [], 10 ** 9).kind).not.toBe("fail-run");
    const answered = (name: string, at: number): LogEvent => ({
      v: 1,
      attempt: 1,
      seq: 20,
      at,
      run: 1,
      type: "approval-response",
      step: 2,
      approvalId: name,
      callId: `call-${name}`,
      approved: true,
    });
    const state = foldRun([answered("guarded", 5_000_100), answered("g2", 9_000_100)], asked);
    expect(state.waitedMs).toBe(9_000_000);
    expect(decide(state, [], 9_060_099).kind).toBe("call-tools");
    expect(decide(state, [], 9_060_100)).toMatchObject({ kind: "fail-run", code: "deadline_exceeded" });
  });

  test("do not count workers that were told to stop", () => {
    const handedOver: EventBody = { type: "attempt-end", reason: "handed-over" };
    const attempts = Array.from({ length: 9 }, (): EventBody[] => [ATTEMPT, OPEN_MODEL, handedOver]).flat();
    expect(decide(after(ATTEMPT, START, ...attempts)).kind).toBe("reset-step");
  });

  test("stop it short of another model call when its steps or tokens are used up", () => {
    const answered: EventBody = { type: "step-end", step: 2, message: { role: "tool", content: [] } };
    const costly: EventBody = {
      type: "step-end",
      step: 1,
      message: calls("safe"),
      usage: { inputTokens: 600, outputTokens: 400 },
    };
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, costly, OPEN_TOOLS, answered))).toEqual({
      kind: "stop-short",
      reason: "max_tokens",
    });
    const last: EventBody = { ...answered, step: 4 };
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, modelEnds(calls("safe")), OPEN_TOOLS, last))).toEqual({
      kind: "stop-short",
      reason: "max_steps",
    });
  });
});

describe("a round of tool calls", () => {
  const asked = [ATTEMPT, START, OPEN_MODEL, modelEnds(calls("safe", "once"), "tool-calls")];

  test("executes all calls at once", () => {
    expect(decide(after(...asked))).toMatchObject({
      kind: "call-tools",
      step: 2,
      begin: true,
      actions: [{ kind: "execute" }, { kind: "execute" }],
    });
  });

  test("executes no call that has an outcome, and ends when all have", () => {
    const result = (name: string): EventBody => ({
      type: "tool-result",
      step: 2,
      callId: `call-${name}`,
      name,
      output: { type: "text", value: name },
    });
    expect(decide(after(...asked, OPEN_TOOLS, result("safe")))).toMatchObject({
      actions: [{ kind: "execute", call: { toolName: "once" } }],
    });
    expect(decide(after(...asked, OPEN_TOOLS, result("safe"), result("once"))).kind).toBe("end-tools");
  });

  test("repeats an interrupted call only where the tool allows it", () => {
    const started = (name: string): EventBody => ({
      type: "tool-call",
      step: 2,
      callId: `call-${name}`,
      name,
      input: {},
    });
    expect(decide(after(...asked, OPEN_TOOLS, started("safe"), started("once"), ATTEMPT))).toMatchObject({
      begin: false,
      actions: [
        { kind: "execute", call: { toolName: "safe" } },
        { kind: "refuse", reason: "interrupted", call: { toolName: "once" } },
      ],
    });
  });
});

describe("a call that needs a person's leave", () => {
  const approvalId = approvalIdOf(1, 2, "call-guarded");
  const request: EventBody = {
    type: "approval-request",
    step: 2,
    approvalId,
    callId: "call-guarded",
    name: "guarded",
    input: {},
    expiresAt: 1000,
  };
  const parked = after(ATTEMPT, START, OPEN_MODEL, modelEnds(calls("guarded")), OPEN_TOOLS, request);

  test("is asked for first", () => {
    expect(decide(after(ATTEMPT, START, OPEN_MODEL, modelEnds(calls("guarded"))))).toMatchObject({
      actions: [{ kind: "ask" }],
    });
  });

  test("parks the run until the request expires", () => {
    expect(decide(parked)).toEqual({ kind: "await-approval", until: 1000 });
  });

  test("takes the first answer, and all answers to the same request", () => {
    const answer = (itemId: number, approved: boolean): InboxItem => ({
      kind: "approval",
      itemId,
      at: 0,
      approvalId,
      approved,
    });
    expect(decide(parked, [answer(1, true), answer(2, false)])).toMatchObject({
      actions: [{ kind: "answer", approved: true, takes: [1, 2] }],
    });
  });

  test("is denied when nobody answered in time", () => {
    expect(decide(parked, [], 1000)).toMatchObject({
      actions: [{ kind: "answer", approved: false, takes: [] }],
    });
  });

  test("is executed once allowed, and refused once denied", () => {
    const response = (approved: boolean): EventBody => ({
      type: "approval-response",
      step: 2,
      approvalId,
      callId: "call-guarded",
      approved,
      reason: "because",
    });
    const answered = (approved: boolean): RunState =>
      after(ATTEMPT, START, OPEN_MODEL, modelEnds(calls("guarded")), OPEN_TOOLS, request, response(approved));
    expect(decide(answered(true))).toMatchObject({ actions: [{ kind: "execute" }] });
    expect(decide(answered(false))).toMatchObject({
      actions: [{ kind: "refuse", reason: "denied", message: "because" }],
    });
  });
});

describe("what a run's end takes from the inbox", () => {
  test("is everything but runs that wait and cancellations that speak of them", () => {
    const later: InboxItem = {
      kind: "run",
      itemId: 2,
      at: 0,
      run: 2,
      id: "s",
      agent: "A",
      input: "",
      options: {},
    };
    const inbox: InboxItem[] = [
      { kind: "cancel", itemId: 1, at: 0, upTo: 1 },
      later,
      { kind: "cancel", itemId: 3, at: 0, upTo: 2 },
      { kind: "approval", itemId: 4, at: 0, approvalId: "x", approved: true },
    ];
    expect(spentItems(1, inbox)).toEqual([1, 4]);
  });
});
