import { AgentError, cursorAt, cursorOf, NO_USAGE, START } from "../../src/core/index.ts";
import type {
  Conversation,
  ConversationId,
  Cursor,
  EventBody,
  InboxRequest,
  LogEvent,
  RunRecord,
} from "../../src/core/index.ts";
import { conversationNotFound } from "../../src/ports/index.ts";
import type { AppendOptions, ConversationStore, Holder, PostOptions } from "../../src/ports/index.ts";
import * as model from "./store-model.ts";
import type { StoreState } from "./store-model.ts";

/** One call of the port, with all that it is given. */
export type Call =
  | { readonly kind: "post"; readonly request: InboxRequest; readonly options: PostOptions }
  | { readonly kind: "acquire"; readonly holder: Holder }
  | { readonly kind: "append"; readonly events: readonly LogEvent[]; readonly options: AppendOptions }
  | { readonly kind: "read"; readonly after: Cursor; readonly limit: number }
  | { readonly kind: "conversation" | "history" | "delete" };

/** Makes the call on a store; gives the answer, printed, and its value where there is one. */
export async function make(
  store: ConversationStore,
  id: ConversationId,
  call: Call,
): Promise<{ readonly answer: string; readonly value: unknown }> {
  try {
    const value = await perform(store, id, call);
    return { answer: printed(call.kind === "conversation" ? viewOf(value as Conversation) : value), value };
  } catch (error) {
    return { answer: refusal(error), value: undefined };
  }
}

/** What the model answers, and the state after it. */
export function simulate(
  state: StoreState | undefined,
  id: ConversationId,
  call: Call,
): { readonly state: StoreState | undefined; readonly answer: string } {
  try {
    const { state: after, value } = reckon(state, id, call);
    return { state: after, answer: printed(value) };
  } catch (error) {
    return { state, answer: refusal(error) };
  }
}

function perform(store: ConversationStore, id: ConversationId, call: Call): Promise<unknown> {
  switch (call.kind) {
    case "post":
      return store.post(id, call.request, call.options);
    case "acquire":
      return store.acquire(id, call.holder);
    case "append":
      return store.append(id, call.events, call.options);
    case "read":
      return store.read(id, call.after, call.limit);
    case "conversation":
      return store.conversation(id);
    case "history":
      return store.history(id);
    case "delete":
      return store.delete(id);
  }
}

function reckon(
  state: StoreState | undefined,
  id: ConversationId,
  call: Call,
): { readonly state: StoreState | undefined; readonly value: unknown } {
  switch (call.kind) {
    case "post": {
      const { state: after, posted } = model.post(state, id, call.request, call.options);
      return { state: after, value: posted };
    }
    case "acquire": {
      const begun = model.acquire(known(state, id), call.holder);
      return { state: begun?.state ?? state, value: begun?.event };
    }
    case "append":
      return { state: model.append(state, call.events, call.options), value: undefined };
    case "read":
      return { state, value: model.read(known(state, id), call.after, call.limit) };
    case "conversation":
      return { state, value: viewOf(state) };
    case "history":
      return { state, value: known(state, id).records };
    case "delete":
      return { state: undefined, value: state !== undefined };
  }
}

function known(state: StoreState | undefined, id: ConversationId): StoreState {
  if (!state) throw conversationNotFound(id);
  return state;
}

/** What a conversation is compared by: everything but the times. */
function viewOf(conversation: Conversation | undefined): unknown {
  if (!conversation) return undefined;
  const { agent, runs, attempt, tip, base, settled, inbox, voided } = conversation;
  return { agent, runs, attempt, tip, base, settled, inbox, voided };
}

/** Printed with its fields in the order of their names, and without the times, which are the store's own. */
function printed(value: unknown): string {
  return JSON.stringify(value, (key, field: unknown) => (key === "at" ? 0 : sorted(field))) ?? "undefined";
}

function sorted(field: unknown): unknown {
  if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
  return Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function refusal(error: unknown): string {
  if (error instanceof TypeError) return "TypeError";
  const { code, details } = AgentError.from(error);
  return code === "internal_error" ? String(error) : `${code} ${details["tip"] ?? ""}`;
}

export function describeCall(call: Call): string {
  switch (call.kind) {
    case "append": {
      const entries = call.events.map((event) => `${cursorOf(event)} ${event.type}`).join(", ");
      return `append(${entries}; takes ${call.options.takes?.join() ?? "nothing"})`;
    }
    case "post":
      return `post(${call.request.kind}, ${JSON.stringify(call.options)})`;
    case "acquire":
      return `acquire(${call.holder.settled ?? ""})`;
    case "read":
      return `read(${call.after}, ${call.limit})`;
    case "conversation":
    case "history":
    case "delete":
      return `${call.kind}()`;
  }
}

/** An entry as a worker of this test writes it: of which attempt and place, and nothing else, so that a repeat is equal. */
export function entryAt(attempt: number, seq: number, kind: "text" | "reset" | "end"): LogEvent {
  const bodies: Record<typeof kind, EventBody> = {
    text: { type: "text-delta", step: 1, id: "t", delta: `${attempt}-${seq}`, sequence: seq },
    reset: { type: "step-reset", step: 1, from: cursorAt(attempt, 1), reason: "retry" },
    end: { type: "run-completed", usage: NO_USAGE },
  };
  return { v: 1, attempt, seq, at: 0, run: 1, ...bodies[kind] };
}

export function recordOf(run: number): RunRecord {
  return {
    run,
    id: `run ${run}`,
    agent: "Agent",
    status: "completed",
    input: "",
    options: {},
    messages: [],
    text: "",
    usage: NO_USAGE,
    acceptedAt: 0,
    startedAt: 0,
    endedAt: 0,
    attempts: 1,
    steps: 1,
    from: START,
    to: START,
  };
}
