import { chunkPlace, toolPlace } from "../support/upstream.ts";
import type { UpstreamTurn } from "../support/upstream-wire.ts";

/** Where a conversation is when a fault strikes. */
export interface Phase {
  readonly name: PhaseName;
  readonly says: string;
  /** What each of its runs does, model call by model call. */
  readonly turns: readonly UpstreamTurn[];
  /** How many runs are accepted before the fault. */
  readonly runs: 1 | 2;
  /** Where the upstream holds it, until the fault is over. */
  readonly holds: (conversation: string) => readonly string[];
  /** The text that a reader must have been shown before the fault, so that the fault has something to take away. */
  readonly shown: string;
  /** Whether it waits for a person, who answers after the fault. */
  readonly asks: boolean;
}

export type PhaseName = "queued" | "mid-model-stream" | "mid-tool" | "parked" | "ending";

/** Every run begins with a model call and a tool call that are over before the fault: steps 1 and 2 (L8). */
const BEGIN: UpstreamTurn = { chunks: 3, calls: [{ callId: "first", tool: "look_up" }] };
const END: UpstreamTurn = { chunks: 4 };

export const PHASES: readonly Phase[] = [
  {
    name: "queued",
    says: "a second run waits behind one that is under way",
    turns: [BEGIN, END],
    runs: 2,
    holds: (conversation) => [chunkPlace(conversation, 1, 1, 1)],
    shown: "r1t1#1.0",
    asks: false,
  },
  {
    name: "mid-model-stream",
    says: "step 3, a model call, has shown half of its text",
    turns: [BEGIN, { chunks: 5, calls: [{ callId: "second", tool: "look_up" }] }, END],
    runs: 1,
    holds: (conversation) => [chunkPlace(conversation, 1, 1, 3)],
    shown: "r1t1 try 1, 2",
    asks: false,
  },
  {
    name: "mid-tool",
    says: "two tool calls are under way, one that may be repeated and one that may not",
    turns: [
      BEGIN,
      {
        chunks: 2,
        calls: [
          { callId: "safe", tool: "look_up" },
          { callId: "never", tool: "charge" },
        ],
      },
      END,
    ],
    runs: 1,
    holds: (conversation) => [toolPlace(conversation, 1, "safe"), toolPlace(conversation, 1, "never")],
    shown: "r1t1#1.1",
    asks: false,
  },
  {
    name: "parked",
    says: "a tool call waits for a person, who answers after the fault",
    turns: [BEGIN, { chunks: 2, calls: [{ callId: "asked", tool: "transfer" }] }, END],
    runs: 1,
    holds: () => [],
    shown: "r1t1#1.1",
    asks: true,
  },
  {
    name: "ending",
    says: "all of the answer is said, and the run ends while the fault strikes",
    turns: [BEGIN, END],
    runs: 1,
    holds: (conversation) => [chunkPlace(conversation, 1, 1, 4)],
    shown: "r1t1#1.3",
    asks: false,
  },
];
