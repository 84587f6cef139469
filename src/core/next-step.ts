import type { CallState, OpenStep, RunState } from "./fold.ts";
import type { Cursor } from "./cursor.ts";
import type { ErrorCode } from "./error.ts";
import type { InboxItem, QueuedRun } from "./inbox.ts";
import { callsToExecute } from "./message.ts";
import type { ToolCallPart } from "./message.ts";

/** What the holder of a conversation does next. */
export type Decision =
  /** Nothing is to be done. */
  | { readonly kind: "idle" }
  /** Begin the run that waits first. */
  | { readonly kind: "start-run"; readonly item: QueuedRun }
  /** Withdraw a step that was broken off. */
  | { readonly kind: "reset-step"; readonly step: number; readonly from: Cursor }
  /** Keep what a broken-off step has written, and let the next step go on from there. */
  | { readonly kind: "keep-step"; readonly step: number; readonly text: string }
  /** Go on reading a broken-off step's response, which its provider has gone on with. */
  | { readonly kind: "reattach-step"; readonly step: number; readonly responseId: string }
  | { readonly kind: "call-model"; readonly step: number }
  | {
      readonly kind: "call-tools";
      readonly step: number;
      /** Whether the step has not begun yet. */
      readonly begin: boolean;
      readonly actions: readonly ToolAction[];
    }
  /** Nothing can go on before a person answers; `until` is when the first request expires. */
  | { readonly kind: "await-approval"; readonly until: number | undefined }
  | { readonly kind: "end-tools"; readonly step: number; readonly calls: readonly ToolCallPart[] }
  | { readonly kind: "complete-run" }
  | { readonly kind: "stop-short"; readonly reason: string }
  | { readonly kind: "fail-run"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "cancel-run"; readonly reason: string | undefined };

/** What happens to one tool call of a round. */
export type ToolAction =
  | { readonly kind: "execute"; readonly call: ToolCallPart }
  | { readonly kind: "ask"; readonly call: ToolCallPart }
  | {
      readonly kind: "answer";
      readonly call: ToolCallPart;
      readonly approvalId: string;
      readonly approved: boolean;
      readonly reason: string | undefined;
      readonly takes: readonly number[];
    }
  | {
      readonly kind: "refuse";
      readonly call: ToolCallPart;
      readonly reason: "denied" | "interrupted";
      readonly message: string;
    };

/** What an agent allows, as far as deciding needs it. */
export interface RunPolicy {
  /** Model steps and tool rounds of one run, together. */
  readonly maxSteps: number;
  /** Attempts in a row that brought nothing to an end: past it the run is taken to kill its workers (L10). */
  readonly maxAttemptsWithoutProgress: number;
  /** How long a run may take, in milliseconds, without the time in which it waits for people. */
  readonly runTimeoutMs: number;
  /** Tokens in and out that a run may use before it makes no further model call. */
  readonly maxTokens: number;
  /** What becomes of a model step that was broken off: withdrawn and made again, or kept and gone on from. */
  readonly onInterrupted: "restart" | "continue";
  /** Whether a broken-off response that its provider keeps can be read on: then nothing is withdrawn and nothing is paid for twice. */
  readonly reattaches: boolean;
  readonly needsApproval: (call: ToolCallPart) => boolean;
  /** Whether an interrupted call of the tool may be made again (L8). */
  readonly mayRepeat: (toolName: string) => boolean;
}

/**
 * Given this log and this inbox, what is the next step? Pure: the same state gives the same decision on any worker,
 * which is what lets one take over from another.
 */
export function nextStep(
  state: RunState,
  inbox: readonly InboxItem[],
  policy: RunPolicy,
  now: number,
): Decision {
  const { start } = state;
  if (start === undefined || state.end !== undefined) return betweenRuns(inbox);
  const cancel = cancellation(start.run, inbox);
  if (cancel !== undefined) return cancel;
  if (state.attemptsWithoutProgress > policy.maxAttemptsWithoutProgress) {
    return {
      kind: "fail-run",
      code: "too_many_attempts",
      message: `The run was given up: ${policy.maxAttemptsWithoutProgress} workers in a row ended without finishing a step of it.`,
    };
  }
  if (now >= deadlineOf(state, policy, now)) {
    return {
      kind: "fail-run",
      code: "deadline_exceeded",
      message: `The run took longer than ${policy.runTimeoutMs} ms.`,
    };
  }
  if (state.open?.kind === "model") return afterBrokenStep(state.open, policy);
  return afterSteps(state, inbox, policy, now);
}

/** When a run's time is up, in milliseconds since 1970: the time in which it waits for people does not count. */
export function deadlineOf(
  { start, waitedMs, open }: RunState,
  policy: Pick<RunPolicy, "runTimeoutMs">,
  now: number,
): number {
  if (start === undefined) return Infinity;
  const waitingMs = open?.waitingSince === undefined ? 0 : Math.max(0, now - open.waitingSince);
  return start.at + waitedMs + waitingMs + policy.runTimeoutMs;
}

/**
 * The items that a run's end leaves without any effect: answers to its requests, and cancellations that speak of no run
 * still waiting. They are taken together with the end.
 */
export function spentItems(run: number, inbox: readonly InboxItem[]): readonly number[] {
  const waiting = inbox.flatMap((item) => (item.kind === "run" && item.run > run ? [item.run] : []));
  return inbox
    .filter(
      (item) =>
        item.kind === "approval" || (item.kind === "cancel" && !waiting.some((other) => other <= item.upTo)),
    )
    .map((item) => item.itemId);
}

/** The id under which a person's leave for a call is asked and given; the same on every attempt. */
export function approvalIdOf(run: number, step: number, callId: string): string {
  return `${run}:${step}:${callId}`;
}

function betweenRuns(inbox: readonly InboxItem[]): Decision {
  const queued = inbox.find((item) => item.kind === "run");
  return queued ? { kind: "start-run", item: queued } : { kind: "idle" };
}

function cancellation(run: number, inbox: readonly InboxItem[]): Decision | undefined {
  const cancel = inbox.find((item) => item.kind === "cancel" && item.upTo >= run);
  return cancel?.kind === "cancel" ? { kind: "cancel-run", reason: cancel.reason } : undefined;
}

function afterBrokenStep({ step, from, text, response }: OpenStep, policy: RunPolicy): Decision {
  if (response && policy.reattaches) return { kind: "reattach-step", step, responseId: response.responseId };
  // Blank lines that only set parts apart are nothing to go on from.
  const kept = policy.onInterrupted === "continue" && text.trim() !== "";
  return kept ? { kind: "keep-step", step, text } : { kind: "reset-step", step, from };
}

function afterSteps(state: RunState, inbox: readonly InboxItem[], policy: RunPolicy, now: number): Decision {
  const last = state.messages.at(-1);
  const calls = last?.role === "assistant" ? callsToExecute(last) : [];
  if (calls.length > 0) return toolRound(state, calls, inbox, policy, now);
  if (last?.role !== "assistant" || state.finishReason === "interrupted") {
    if (state.steps >= policy.maxSteps) return { kind: "stop-short", reason: "max_steps" };
    const used = state.usage.inputTokens + state.usage.outputTokens;
    if (used >= policy.maxTokens) return { kind: "stop-short", reason: "max_tokens" };
    return { kind: "call-model", step: state.steps + 1 };
  }
  switch (state.finishReason) {
    case "length":
      return { kind: "stop-short", reason: "max_output_tokens" };
    case "content-filter":
      return { kind: "stop-short", reason: "content_filter" };
    case "stop":
    case "tool-calls":
    case "other":
    case undefined:
      return { kind: "complete-run" };
  }
}

function toolRound(
  state: RunState,
  calls: readonly ToolCallPart[],
  inbox: readonly InboxItem[],
  policy: RunPolicy,
  now: number,
): Decision {
  const step = state.steps + 1;
  if (state.open === undefined && step > policy.maxSteps) return { kind: "stop-short", reason: "max_steps" };
  const run = state.start?.run ?? 0;
  const actions = calls.flatMap((call) =>
    actionFor(call, state.open?.calls[call.toolCallId] ?? {}, {
      attempt: state.attempt,
      approvalId: approvalIdOf(run, step, call.toolCallId),
      inbox,
      policy,
      now,
    }),
  );
  if (state.open === undefined || actions.length > 0) {
    return { kind: "call-tools", step, begin: state.open === undefined, actions };
  }
  const waiting = calls.filter((call) => state.open?.calls[call.toolCallId]?.outcome === undefined);
  return waiting.length === 0
    ? { kind: "end-tools", step, calls }
    : { kind: "await-approval", until: firstExpiry(state.open) };
}

interface CallSituation {
  readonly attempt: number;
  readonly approvalId: string;
  readonly inbox: readonly InboxItem[];
  readonly policy: RunPolicy;
  readonly now: number;
}

function actionFor(call: ToolCallPart, known: CallState, situation: CallSituation): readonly ToolAction[] {
  const { policy, attempt } = situation;
  if (known.outcome) return [];
  if (known.request && !known.response) return answerTo(call, known, situation);
  if (known.response?.approved === false) {
    const message = known.response.reason ?? "A person did not allow this call.";
    return [{ kind: "refuse", call, reason: "denied", message }];
  }
  if (!known.request && policy.needsApproval(call)) return [{ kind: "ask", call }];
  if (known.startedBy !== undefined && known.startedBy < attempt && !policy.mayRepeat(call.toolName)) {
    return [{ kind: "refuse", call, reason: "interrupted", message: OUTCOME_UNKNOWN }];
  }
  return known.startedBy === attempt ? [] : [{ kind: "execute", call }];
}

const OUTCOME_UNKNOWN =
  "The call was interrupted and its outcome is unknown: it may or may not have taken effect. Do not assume either.";

function answerTo(call: ToolCallPart, known: CallState, situation: CallSituation): readonly ToolAction[] {
  const { approvalId, inbox, now } = situation;
  const answers = inbox.filter((item) => item.kind === "approval" && item.approvalId === approvalId);
  const first = answers[0];
  if (first?.kind === "approval") {
    const { approved, reason } = first;
    return [
      { kind: "answer", call, approvalId, approved, reason, takes: answers.map((item) => item.itemId) },
    ];
  }
  const expired = known.request?.expiresAt !== undefined && known.request.expiresAt <= now;
  return expired
    ? [{ kind: "answer", call, approvalId, approved: false, reason: "Nobody answered in time.", takes: [] }]
    : [];
}

function firstExpiry(open: OpenStep): number | undefined {
  const expiries = Object.values(open.calls).flatMap((call) =>
    call.request && !call.response && call.request.expiresAt !== undefined ? [call.request.expiresAt] : [],
  );
  return expiries.length === 0 ? undefined : Math.min(...expiries);
}
