import { cursorOf } from "./event.ts";
import type {
  ApprovalRequest,
  ApprovalResponse,
  FinishReason,
  LogEvent,
  RunEnd,
  RunStart,
  StepKind,
  ToolError,
  ToolResult,
} from "./event.ts";
import { START } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { AssistantMessage, Message } from "./message.ts";
import { beginResponse, withLogged } from "./provider-response.ts";
import type { ProviderResponse } from "./provider-response.ts";
import { addUsage, NO_USAGE } from "./usage.ts";
import type { Usage } from "./usage.ts";

/**
 * A run as its entries tell it. There is no second copy of truth: whatever is asked of a run that has not ended is
 * folded from the log.
 */
export interface RunState {
  /** The newest entry folded. */
  readonly tip: Cursor;
  /** The attempt that holds the conversation, 0 before the first. */
  readonly attempt: number;
  /** How many attempts this run has seen. */
  readonly attempts: number;
  /** How many of them began since a step or a tool last came to an end: a run that kills its workers makes this grow. */
  readonly attemptsWithoutProgress: number;
  /** What was asked, once the run has started. */
  readonly start: (RunStart & { readonly run: number; readonly at: number }) | undefined;
  /** The messages of the finished steps. */
  readonly messages: readonly Message[];
  /** The text of the finished steps. */
  readonly text: string;
  readonly usage: Usage;
  /** For how long the run has waited for people, in milliseconds: time that is nobody's fault. */
  readonly waitedMs: number;
  /** How many steps have finished. */
  readonly steps: number;
  /** How many text chunks were logged, voided ones too. */
  readonly chunks: number;
  /** Why the newest finished model step ended. */
  readonly finishReason: FinishReason | undefined;
  readonly open: OpenStep | undefined;
  readonly end: (RunEnd & { readonly at: number }) | undefined;
}

/** A step that has begun and not ended. */
export interface OpenStep {
  readonly step: number;
  readonly kind: StepKind;
  /** The cursor of its first entry: what a reset voids from. */
  readonly from: Cursor;
  readonly at: number;
  /** The attempt that began it. */
  readonly attempt: number;
  readonly text: string;
  readonly calls: Readonly<Record<string, CallState>>;
  /** Set while the step runs at its provider as a response that another worker can go on reading. */
  readonly response?: ProviderResponse;
  /** Since when a person has been asked, while anybody is. */
  readonly waitingSince?: number | undefined;
}

/** What is known of one tool call of an open step. */
export interface CallState {
  /** The attempt that last began to execute it. */
  readonly startedBy?: number;
  readonly outcome?: ToolResult | ToolError;
  readonly request?: ApprovalRequest & { readonly at: number };
  readonly response?: ApprovalResponse;
}

export const NOTHING_LOGGED: RunState = {
  tip: START,
  attempt: 0,
  attempts: 0,
  attemptsWithoutProgress: 0,
  start: undefined,
  messages: [],
  text: "",
  usage: NO_USAGE,
  waitedMs: 0,
  steps: 0,
  chunks: 0,
  finishReason: undefined,
  open: undefined,
  end: undefined,
};

/** The state after some entries of one run, in order. Never throws, whatever prefix it is given. */
export function foldRun(events: Iterable<LogEvent>, state: RunState = NOTHING_LOGGED): RunState {
  let folded = state;
  for (const event of events) folded = applyEvent(folded, event);
  return folded;
}

/** The state after one more entry. */
export function applyEvent(state: RunState, event: LogEvent): RunState {
  const next = stateAfter(state, event);
  const { open } = next;
  if (open?.response === undefined || !("step" in event)) return next;
  return { ...next, open: { ...open, response: withLogged(open.response, event) } };
}

function stateAfter(state: RunState, event: LogEvent): RunState {
  const tip = cursorOf(event);
  switch (event.type) {
    case "attempt-start":
      return {
        ...state,
        tip,
        attempt: event.attempt,
        attempts: state.attempts + 1,
        attemptsWithoutProgress: state.attemptsWithoutProgress + 1,
      };
    case "attempt-end":
      // Handed over, not lost: nothing speaks against the run.
      return { ...state, tip, attemptsWithoutProgress: Math.max(0, state.attemptsWithoutProgress - 1) };
    case "run-start":
      return {
        ...state,
        tip,
        start: event,
        messages: [
          ...(event.preceding ?? []),
          { role: "user", content: [{ type: "text", text: event.input }] },
        ],
      };
    case "step-start":
      return { ...state, tip, open: beginStep(event, tip) };
    case "provider-response":
      return {
        ...state,
        tip,
        open: state.open && { ...state.open, response: beginResponse(event.responseId) },
      };
    case "provider-response-lost":
      return { ...state, tip, open: state.open && withoutResponse(state.open) };
    case "text-delta":
      return {
        ...state,
        tip,
        chunks: event.sequence + 1,
        open: state.open && { ...state.open, text: state.open.text + event.delta },
      };
    case "tool-call":
      return { ...state, tip, open: withCall(state.open, event.callId, { startedBy: event.attempt }) };
    case "tool-result":
    case "tool-error":
      return {
        ...state,
        tip,
        attemptsWithoutProgress: 0,
        open: withCall(state.open, event.callId, { outcome: event }),
      };
    case "approval-request": {
      const open = withCall(state.open, event.callId, { request: event });
      return { ...state, tip, open: open && { ...open, waitingSince: open.waitingSince ?? event.at } };
    }
    case "approval-response": {
      const open = withCall(state.open, event.callId, { response: event });
      const waits = Object.values(open?.calls ?? {}).some((call) => call.request && !call.response);
      const since = state.open?.waitingSince ?? event.at;
      return {
        ...state,
        tip,
        attemptsWithoutProgress: 0,
        // Requests that wait at the same time are one wait.
        waitedMs: state.waitedMs + Math.max(0, event.at - since),
        open: open && { ...open, waitingSince: waits ? event.at : undefined },
      };
    }
    case "step-end":
      return {
        ...state,
        tip,
        attemptsWithoutProgress: 0,
        messages: [...state.messages, event.message],
        text: state.text + (state.open?.text ?? ""),
        usage: addUsage(state.usage, event.usage ?? NO_USAGE),
        steps: event.step,
        finishReason: event.finishReason ?? state.finishReason,
        open: undefined,
      };
    case "step-reset":
      return { ...state, tip, open: undefined };
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      return { ...state, tip, end: event };
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-delta":
    case "data":
      return { ...state, tip };
  }
}

/** All the text of a run so far, as a reader who followed it to here has rendered it (L7). */
export function textOf(state: RunState): string {
  return state.text + (state.open?.text ?? "");
}

/**
 * What the run leaves to the conversation: the messages of its finished steps, without tool calls that nobody answered
 * (a model refuses those), and the text of a step that was broken off.
 */
export function lastingMessages(state: RunState): readonly Message[] {
  const messages = state.messages.flatMap((message, index): readonly Message[] => {
    const answered = state.messages[index + 1]?.role === "tool";
    return message.role === "assistant" && !answered ? withoutCalls(message) : [message];
  });
  const partial = state.open?.text ?? "";
  const all: readonly Message[] =
    partial === ""
      ? messages
      : [...messages, { role: "assistant", content: [{ type: "text", text: partial }] }];
  return all.reduce<readonly Message[]>(joinAnswers, []);
}

/** An answer that was broken off and gone on from is one message: models expect the roles to alternate. */
function joinAnswers(joined: readonly Message[], message: Message): readonly Message[] {
  const last = joined.at(-1);
  if (last?.role !== "assistant" || message.role !== "assistant") return [...joined, message];
  const end = last.content.at(-1);
  const [start, ...rest] = message.content;
  const content =
    end?.type === "text" && start?.type === "text"
      ? [...last.content.slice(0, -1), { ...start, text: end.text + start.text }, ...rest]
      : [...last.content, ...message.content];
  return [...joined.slice(0, -1), { role: "assistant", content }];
}

function withoutCalls(message: AssistantMessage): readonly Message[] {
  const content = message.content.filter(
    (part) => part.type !== "tool-call" || part.providerExecuted === true,
  );
  return content.length === 0 ? [] : [{ role: "assistant", content }];
}

function beginStep(
  event: { readonly step: number; readonly kind: StepKind; readonly at: number; readonly attempt: number },
  from: Cursor,
): OpenStep {
  return {
    step: event.step,
    kind: event.kind,
    from,
    at: event.at,
    attempt: event.attempt,
    text: "",
    calls: {},
  };
}

function withoutResponse({ response: _lost, ...open }: OpenStep): OpenStep {
  return open;
}

function withCall(open: OpenStep | undefined, callId: string, change: CallState): OpenStep | undefined {
  return open && { ...open, calls: { ...open.calls, [callId]: { ...open.calls[callId], ...change } } };
}
