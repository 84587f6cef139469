import type { ConversationId } from "../../core/index.ts";
import type { RecentRun, RunIntent, StartedRun } from "../../runtime/index.ts";

/** Where tries of one request meet: what one has started there, the others find. */
export interface MeetingPlace {
  /** The runs accepted since a moment, the newest first; more may come before that moment. */
  readonly since: (moment: number) => AsyncIterable<AcceptedRun>;
  /**
   * Looks what is there, and gives what starts the run after it: unless another try has looked at the same and started
   * one before. Then it gives that one, as repeated.
   */
  readonly look: () => Promise<() => Promise<StartedRun>>;
}

export interface AcceptedRun extends RecentRun {
  readonly conversation: ConversationId;
}

/** Starts the run that is asked for in a place, under a key by which tries that meet there know each other. */
export type StartInPlace = (
  place: Required<Pick<RunIntent, "conversation" | "idempotencyKey">>,
) => Promise<StartedRun>;
