import type { ConversationMessage, PendingApproval, Problem } from "./conversation-message.ts";

/**
 * All there is to show of a conversation at one moment. Immutable; the same object until something changes.
 *
 * | status                 | what is so                                                                                    |
 * | ---------------------- | --------------------------------------------------------------------------------------------- |
 * | `idle`                 | there is no conversation yet: the first `send` begins one                                     |
 * | `connecting`           | a conversation is being opened, or its first message is on its way                            |
 * | `live`                 | an answer is under way and the connection is open                                             |
 * | `recovering`           | an answer is under way, or was when last heard of, and the connection is being made again     |
 * | `waiting-for-approval` | an answer waits for a person, and the connection is open                                      |
 * | `done`                 | nothing is under way; the latest answer is whole, was cancelled, or stopped short             |
 * | `failed`               | the latest answer failed, or the conversation cannot be followed; `problem` says which and why |
 * | `disconnected`         | `disconnect` was called; nothing is sent or read until `reconnect`                            |
 */
export type ConversationSnapshot = ConversationFacts &
  (
    | { readonly status: "idle" | "connecting" | "live" | "recovering" | "done" | "disconnected" }
    | {
        readonly status: "waiting-for-approval";
        readonly pendingApprovals: readonly [PendingApproval, ...PendingApproval[]];
      }
    | { readonly status: "failed"; readonly problem: ConversationProblem }
  );

export type ConversationStatusName = ConversationSnapshot["status"];

export interface ConversationFacts {
  /** Undefined before the first message is stored. */
  readonly conversationId: string | undefined;
  /** Everything said, the oldest first; the answer that grows is among them. */
  readonly messages: readonly ConversationMessage[];
  /** The text of the latest answer so far: what `messages` shows last, for who shows one answer only. */
  readonly text: string;
  /** Tool calls that wait for a person, also while the connection is being made again. */
  readonly pendingApprovals: readonly PendingApproval[];
  /** What went wrong last, until the next action; undefined when all is well. */
  readonly problem: ConversationProblem | undefined;
  /** The newest entry of the log that is shown: what `?cursor=` goes on from. */
  readonly cursor: string | undefined;
  readonly connection: ConnectionFacts;
}

/**
 * A problem, and what it hit. `run`: the latest answer failed. `following`: reading on was given up; `reconnect` tries
 * again. `action`: a `send`, `stop` or `approve` was refused; the conversation itself goes on.
 */
export interface ConversationProblem extends Problem {
  readonly of: "run" | "following" | "action";
}

/** The connection behind it all, for who wants to show it. */
export interface ConnectionFacts {
  readonly state: "closed" | "connecting" | "live" | "waiting-to-retry" | "offline";
  /** How often the connection had to be made again, since the view was made. */
  readonly reconnects: number;
  /** When the next try is due, in milliseconds since 1970, while it waits for one. */
  readonly retryAt: number | undefined;
}
