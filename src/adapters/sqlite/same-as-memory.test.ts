import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { AgentError, attemptOf, compareCursors, cursorAt, NO_USAGE, seqOf, START } from "../../core/index.ts";
import type { Conversation, ConversationId, EventBody, LogEvent } from "../../core/index.ts";
import type { ConversationStore, PostOptions } from "../../ports/index.ts";
import { createMemoryStore } from "../memory/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { emptyRecord, runRequest, temporaryDirectory } from "./sqlite-store.fixture.ts";

const IDS = ["first", "second"] as ConversationId[];
const NEVER = 1_000_000;
const RETENTION = { streamTtlMs: 20, historyTtlMs: 60 };

/** One call, made on both stores at the same moment, or a step of the clock. */
type Call =
  | { readonly kind: "post"; readonly agent: string; readonly options: PostOptions }
  | { readonly kind: "cancel" | "acquire" | "take" | "end" | "whole run" | "delete" | "restart" }
  | {
      readonly kind: "append";
      readonly attempt: number;
      readonly seq: number;
      readonly bodies: readonly ("text" | "reset")[];
    }
  | { readonly kind: "pass"; readonly ms: number };

test("whatever is done to it, at whatever time, it is as the memory store would be", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...IDS), aCall()), { maxLength: 40, size: "max" }),
      fc.constantFrom(1, NEVER),
      async (calls, sweepIntervalMs) => {
        let now = 1000;
        const clock = { ...RETENTION, now: () => now };
        const directory = temporaryDirectory(onTestFinished);
        const open = () => createSqliteStore({ directory, sweepIntervalMs, ...clock });
        const memory = createMemoryStore(clock);
        let sqlite = await open();
        try {
          for (const [id, call] of calls) {
            if (call.kind === "pass") now += call.ms;
            if (call.kind === "restart") {
              await sqlite.close();
              sqlite = await open();
            }
            const before = await memory.conversation(id);
            const [expected, found] = [
              await outcome(memory, id, call, before),
              await outcome(sqlite, id, call, before),
            ];
            expect([call.kind, found]).toEqual([call.kind, expected]);
            expect(await everything(sqlite)).toEqual(await everything(memory));
          }
        } finally {
          await sqlite.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});

function aCall(): fc.Arbitrary<Call> {
  const options = fc.record(
    {
      idempotencyKey: fc.constantFrom("a", "b"),
      fingerprint: fc.constantFrom("x", "y"),
      maxWaiting: fc.nat(3),
    },
    { requiredKeys: [] },
  );
  const plain = fc.constantFrom("cancel", "delete", "restart");
  return fc.oneof(
    fc.record({ kind: fc.constant("post"), agent: fc.constantFrom("One", "One", "Two"), options }),
    { arbitrary: plain.map((kind) => ({ kind })), weight: 1 },
    {
      arbitrary: fc.constantFrom("acquire", "take", "end", "whole run").map((kind) => ({ kind })),
      weight: 6,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant("append"),
        attempt: fc.constantFrom(0, 0, 0, -1, 1),
        seq: fc.constantFrom(1, 1, 1, 0, -1, 2),
        bodies: fc.array(fc.constantFrom("text", "reset"), { maxLength: 3 }),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(1, 19, 20, 60) }),
      weight: 2,
    },
  );
}

/** What a call gives: its value, or the code of its refusal. */
async function outcome(
  store: ConversationStore,
  id: ConversationId,
  call: Call,
  before: Conversation | undefined,
): Promise<unknown> {
  try {
    return await make(store, id, call, before);
  } catch (error) {
    return error instanceof TypeError ? "TypeError" : AgentError.from(error).code;
  }
}

async function make(
  store: ConversationStore,
  id: ConversationId,
  call: Call,
  before: Conversation | undefined,
): Promise<unknown> {
  const tip = before?.tip ?? START;
  const [attempt, seq] = [before?.attempt ?? 0, seqOf(tip) + 1];
  switch (call.kind) {
    case "post":
      return store.post(id, { ...runRequest("run"), agent: call.agent }, call.options);
    case "cancel":
      return store.post(id, { kind: "cancel", upTo: before?.runs ?? 1 }, { idempotencyKey: "c" });
    case "acquire":
      return store.acquire(id, { worker: "w", run: before?.runs ?? 1 });
    case "append":
      return store.append(
        id,
        call.bodies.map((body, index) =>
          entry(attempt + call.attempt, seqOf(tip) + call.seq + index, bodyOf(body, attempt)),
        ),
      );
    case "take":
      return store.append(id, [entry(attempt, seq, bodyOf("text", attempt))], {
        takes: before?.inbox.slice(0, 1).map((item) => item.itemId) ?? [],
      });
    case "whole run": {
      for (const kind of ["post", "acquire", "take", "end"] as const) {
        const step: Call = kind === "post" ? { kind, agent: before?.agent ?? "One", options: {} } : { kind };
        await make(store, id, step, await store.conversation(id));
      }
      return undefined;
    }
    case "end": {
      const record = { ...emptyRecord(), run: (await store.history(id)).length + 1 };
      return store.append(id, [entry(attempt, seq, { type: "run-completed", usage: NO_USAGE })], { record });
    }
    case "delete":
      return store.delete(id);
    case "restart":
    case "pass":
      return undefined;
  }
}

/** All that a store shows. */
async function everything(store: ConversationStore): Promise<unknown> {
  const shown: unknown[] = [];
  for (const id of IDS) {
    const conversation = await store.conversation(id);
    if (!conversation) continue;
    const { voided, base, tip } = conversation;
    // Which parts of what has expired were void is nothing that anybody can ask.
    shown.push({ ...conversation, voided: voided.filter((range) => compareCursors(range.reset, base) > 0) });
    shown.push(await store.history(id), await store.history(id, { from: 2, limit: 1 }));
    const midway = cursorAt(attemptOf(tip), Math.floor(seqOf(tip) / 2));
    for (const after of [START, base, midway, tip, cursorAt(attemptOf(tip), seqOf(tip) + 1)]) {
      shown.push(await store.read(id, after, 5).catch((error: unknown) => AgentError.from(error).code));
    }
  }
  const first = await store.list({ limit: 1 });
  const second = first.next === undefined ? undefined : await store.list({ limit: 1, after: first.next });
  shown.push(
    first.conversations,
    second?.conversations,
    (await store.list({ limit: 9, agent: "Two" })).conversations,
  );
  const unfinished: string[] = [];
  for await (const { id, updatedAt } of store.unfinished(5)) unfinished.push(`${id} ${updatedAt}`);
  return [...shown, unfinished.toSorted()];
}

function entry(attempt: number, seq: number, body: EventBody): LogEvent {
  return { v: 1, attempt, seq, at: 1, run: 1, ...body };
}

function bodyOf(kind: "text" | "reset", attempt: number): EventBody {
  return kind === "text"
    ? { type: "text-delta", step: 1, id: "t", delta: "text \u0000", sequence: 0 }
    : { type: "step-reset", step: 1, from: cursorAt(attempt, 1), reason: "retry" };
}
