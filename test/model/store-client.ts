import { cursorAt, START } from "../../src/core/index.ts";
import type { Conversation, LogEvent, RunRecord } from "../../src/core/index.ts";
import { entryAt, recordOf } from "./store-calls.ts";
import type { Call } from "./store-calls.ts";

/** What a client of the random test sets out to do; `pick` settles what is left open. */
export interface Intent {
  readonly kind: (typeof INTENTS)[number];
  readonly pick: number;
}

export const INTENTS = [
  "post",
  "post under a key",
  "cancel",
  "acquire",
  "acquire what was seen",
  "write",
  "write a reset",
  "take",
  "end",
  "repeat",
  "overlap",
  "leave a gap",
  "write as of an older attempt",
  "read",
  "look",
  "look at the history",
] as const;

/** A worker and reader at once, with what it remembers of its own calls; it may be stale at any time. */
export interface StoreClient {
  callFor(intent: Intent): Call;
  /** Takes the answer to a call; gives the call that goes with it, if one does. */
  heard(call: Call, value: unknown): Call | undefined;
}

/** More than any history posts: with an end all that waits is taken, so that no more runs end than were accepted. */
const ALL_ITEMS: readonly number[] = Array.from({ length: 64 }, (_, index) => index + 1);

/** All clients share what was ever sent, so that one repeats another's append as a connection does. */
export function createStoreClient(sent: Extract<Call, { kind: "append" }>[]): StoreClient {
  let attempt = 1;
  let seq = 0;
  let settled = START;
  /** How many runs had ended when the attempt began: none of another attempt ends while it lasts. */
  let ended = 0;

  function append(
    events: readonly LogEvent[],
    extra: { takes?: readonly number[]; ends?: boolean } = {},
  ): Call {
    const { takes, ends } = extra;
    const options = { ...(takes && { takes }), ...(ends && { record: recordOf(ended + 1) }) };
    const call = { kind: "append", events, options } as const;
    sent.push(call);
    return call;
  }

  /** The next entries, which the client takes for written from now on. */
  function next(...kinds: ("text" | "reset" | "end")[]): readonly LogEvent[] {
    return kinds.map((kind) => entryAt(attempt, ++seq, kind));
  }

  function callFor({ kind, pick }: Intent): Call {
    const takes = [1 + (pick % 5)];
    switch (kind) {
      case "post":
        return run(`run ${pick}`, pick % 3 === 0 ? { maxWaiting: 2 } : {});
      case "post under a key":
        return run(`run ${pick}`, {
          idempotencyKey: ["a", "b"][pick % 2] ?? "",
          fingerprint: pick % 5 === 0 ? "y" : "x",
        });
      case "cancel":
        return { kind: "post", request: { kind: "cancel", upTo: pick % 4 }, options: {} };
      case "acquire":
        return { kind: "acquire", holder: { worker: "w", run: 1 } };
      case "acquire what was seen":
        return { kind: "acquire", holder: { worker: "w", run: 1, settled } };
      case "write":
        return append(next("text", ...(pick % 2 === 0 ? (["text"] as const) : [])));
      case "write a reset":
        return append(next("reset", "text"));
      case "take":
        return append(next("text"), { takes });
      case "end":
        return append(next("end"), { takes: ALL_ITEMS, ends: true });
      case "repeat":
        return sent[pick % Math.max(sent.length, 1)] ?? append(next("text"));
      case "overlap":
        return append([...(seq > 0 ? [entryAt(attempt, seq, "text")] : []), ...next("text")]);
      case "leave a gap":
        return append([entryAt(attempt, seq + 2, "text")]);
      case "write as of an older attempt":
        return append([entryAt(Math.max(1, attempt - 1), 1 + (pick % 3), "text")], { takes });
      case "read":
        return {
          kind: "read",
          after: pick % 4 === 0 ? START : cursorAt(attempt, pick % 5),
          limit: pick % 2 === 0 ? 2 : 100,
        };
      case "look":
        return { kind: "conversation" };
      case "look at the history":
        return { kind: "history" };
    }
  }

  return {
    callFor,
    heard(call, value) {
      if (call.kind === "history") ended = (value as readonly RunRecord[] | undefined)?.length ?? ended;
      if (call.kind === "conversation") settled = (value as Conversation | undefined)?.settled ?? settled;
      if (call.kind !== "acquire" || value === undefined) return undefined;
      attempt = (value as LogEvent).attempt;
      seq = 0;
      return { kind: "history" };
    },
  };
}

function run(id: string, options: Extract<Call, { kind: "post" }>["options"]): Call {
  return { kind: "post", request: { kind: "run", id, agent: "Agent", input: "", options: {} }, options };
}
