import { START } from "../../core/index.ts";
import type { Cursor } from "../../core/index.ts";
import type { StartedRun } from "../answers.ts";
import { ClientError } from "../client-error.ts";
import { IDLE } from "../connection-state.ts";
import type { ConnectionState } from "../connection-state.ts";
import type { Problem } from "./conversation-message.ts";
import { withDelivery, withoutShown } from "./outbox.ts";
import type { Outbox, OutboxMessage } from "./outbox.ts";
import { NOTHING_SAID } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";

/** All that a view knows; what it shows is a function of this (snapshot-of.ts). */
export interface ViewState {
  readonly conversationId: string | undefined;
  readonly transcript: Transcript;
  /** The newest entry that is known to be there, when it was not read yet. */
  readonly tip: Cursor | undefined;
  readonly outbox: Outbox;
  /** The keys of the messages that were sent from here, by their run: they keep their name in the list. */
  readonly sentFromHere: ReadonlyMap<number, string>;
  /** Whether a connection is wanted at all. */
  readonly wanted: boolean;
  /** Whether the conversation was reached since the view was made. */
  readonly reached: boolean;
  readonly connection: ConnectionState;
  /** How often it was connected. */
  readonly connections: number;
  /** Why following was given up. */
  readonly gaveUp: Problem | undefined;
  /** Why the last action was refused. */
  readonly refused: Problem | undefined;
}

export function nothingKnown(conversationId: string | undefined): ViewState {
  return {
    conversationId,
    transcript: NOTHING_SAID,
    tip: undefined,
    outbox: [],
    sentFromHere: new Map(),
    wanted: true,
    reached: false,
    connection: IDLE,
    connections: 0,
    gaveUp: undefined,
    refused: undefined,
  };
}

/**
 * For how long a conversation that was begun here has all its entries in the stream for sure, in milliseconds. After it
 * the history is asked first, which costs a request before the first word is seen.
 */
const FRESH_MS = 30_000;

/** A message was stored. */
export function afterStart(
  state: ViewState,
  { key, at }: OutboxMessage,
  { run, conversationId }: StartedRun,
  now: number,
): Partial<ViewState> {
  const stored = withDelivery(state.outbox, key, { state: "stored", run });
  const begins = state.conversationId === undefined && run === 1 && now - at < FRESH_MS;
  return {
    conversationId,
    outbox: withoutShown(stored, state.transcript),
    sentFromHere: new Map(state.sentFromHere).set(run, key),
    ...(begins && { transcript: { ...NOTHING_SAID, cursor: START } }),
  };
}

/** A message was refused. */
export function afterRefusal(
  { outbox }: ViewState,
  { key }: OutboxMessage,
  problem: Problem,
): Partial<ViewState> {
  return { outbox: withDelivery(outbox, key, { state: "not-sent", problem }), refused: problem };
}

/** The conversation cannot be followed. `chosen`: whether it was asked for by its id. */
export function afterGivingUp(state: ViewState, problem: Problem, chosen: boolean): Partial<ViewState> {
  // What was kept here and is no more on the server since is nothing to trouble anybody with.
  if (problem.code !== "conversation_not_found" || chosen || state.reached) return { gaveUp: problem };
  const outbox = state.outbox.filter(({ delivery }) => delivery.state !== "stored");
  return { conversationId: undefined, transcript: NOTHING_SAID, outbox };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ClientError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : "Something went wrong.";
  return { code: "internal_error", message };
}
