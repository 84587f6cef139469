import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  AgentError,
  cursorAt,
  cursorOf,
  isSettled,
  NO_USAGE,
  randomConversationId,
  START,
} from "../core/index.ts";
import type {
  Conversation,
  ConversationId,
  Cursor,
  ErrorCode,
  EventBody,
  LogEvent,
  RunRecord,
  RunRequest,
} from "../core/index.ts";
import type {
  AppendListener,
  AppendOptions,
  ConversationSnapshot,
  ConversationStore,
  EntryListener,
  ForeseenOpening,
  Opening,
} from "../ports/index.ts";
import { eventually } from "./law.ts";
import type { Law, SubjectOptions } from "./law.ts";

/** A store under test, and how to look at the same data with another one, if that is possible at all. */
export interface StoreSubject {
  readonly store: ConversationStore;
  /** Opens another store on the same data, as a restarted process would, after the first was closed. */
  readonly reopen?: () => Promise<ConversationStore>;
  /** Opens another store on the same data while the first is open, as another process would. */
  readonly openBeside?: () => Promise<ConversationStore>;
  close(): Promise<void>;
}

/** What every `ConversationStore` promises. */
export const STORE_LAWS: readonly Law<StoreSubject>[] = [
  law("L1.post", "a posted run is in the inbox with its ordinal and stays the agent's", async ({ store }) => {
    const id = randomConversationId();
    const posted = await store.post(id, request("one"));
    deepEqual(posted, { run: 1, runId: "one", repeated: false });
    const second = await store.post(id, request("two"));
    equal(second.run, 2);
    const conversation = await found(store, id);
    equal(conversation.agent, AGENT);
    equal(conversation.runs, 2);
    equal(isSettled(conversation), false);
    deepEqual(
      conversation.inbox.map((item) => item.kind === "run" && [item.run, item.id, item.input]),
      [
        [1, "one", "Question one"],
        [2, "two", "Question two"],
      ],
    );
  }),
  law(
    "L1.reopen",
    "what was posted and appended is there after a restart",
    async ({ store, reopen }) => {
      if (!reopen) return;
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      await store.append(id, log.write(text("kept")));
      await store.close();
      const again = await reopen();
      const conversation = await found(again, id);
      equal(conversation.inbox.length, 1);
      equal(conversation.tip, cursorAt(1, 1));
      deepEqual(await textIn(again, id), "kept");
      await again.close();
    },
    { needs: "reopen" },
  ),
  law(
    "L1.repeat",
    "a repeat under the same idempotency key gives the first answer and changes nothing",
    async ({ store }) => {
      const id = randomConversationId();
      const options = { idempotencyKey: "key", fingerprint: "body" };
      const first = await store.post(id, request("one"), options);
      const repeat = await store.post(id, request("other"), options);
      deepEqual(repeat, { ...first, repeated: true });
      equal((await found(store, id)).inbox.length, 1);
      await refused(
        store.post(id, request("one"), { ...options, fingerprint: "another" }),
        "idempotency_key_reused",
      );
    },
  ),
  law(
    "L1.parallel-repeat",
    "of parallel repeats one is accepted and all get its answer",
    async ({ store }) => {
      const id = randomConversationId();
      const options = { idempotencyKey: "key", fingerprint: "body" };
      const answers = await Promise.all(
        ["a", "b", "c", "d"].map((name) => store.post(id, request(name), options)),
      );
      equal(new Set(answers.map((answer) => answer.runId)).size, 1);
      equal(answers.filter((answer) => !answer.repeated).length, 1);
      equal((await found(store, id)).runs, 1);
    },
  ),
  law(
    "L9.order",
    "parallel posts get distinct ordinals, and the inbox is in their order",
    async ({ store }) => {
      const id = randomConversationId();
      const posted = await Promise.all(
        Array.from({ length: 8 }, (_, index) => store.post(id, request(`r${index}`))),
      );
      deepEqual(
        posted.map((answer) => answer.run).toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
      const { inbox } = await found(store, id);
      deepEqual(
        inbox.map((item) => (item.kind === "run" ? item.run : 0)),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
    },
  ),
  law("L9.limit", "no more runs wait than allowed", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"), { maxWaiting: 1 });
    await refused(store.post(id, request("two"), { maxWaiting: 1 }), "queue_full");
    equal((await found(store, id)).runs, 1);
  }),
  law("L14.agent", "a conversation belongs to the agent that began it", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    await refused(store.post(id, { ...request("two"), agent: "Another" }), "conversation_of_another_agent");
  }),
  law("L6.unknown", "an unknown conversation is not found by any call", async ({ store }) => {
    const id = randomConversationId();
    equal(await store.conversation(id), undefined);
    equal(await store.delete(id), false);
    await refused(store.read(id, START, 10), "conversation_not_found");
    await refused(store.history(id), "conversation_not_found");
    await refused(store.acquire(id, { worker: "w", run: 1 }), "conversation_not_found");
    await refused(store.post(id, { kind: "cancel", upTo: 1 }), "conversation_not_found");
    await refused(collect(store, id, START, 1), "conversation_not_found");
  }),
  law("L3.order", "entries are read in order, in pages, after any cursor", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    await store.append(id, log.write(runStart("one"), text("a"), text("b")));
    await store.append(id, log.write(text("c")));
    const all = await store.read(id, START, 100);
    deepEqual(all.map(cursorOf), ["1-0", "1-1", "1-2", "1-3", "1-4"]);
    deepEqual((await store.read(id, START, 2)).map(cursorOf), ["1-0", "1-1"]);
    for (const [index, event] of all.entries()) {
      const rest = await store.read(id, cursorOf(event), 100);
      deepEqual(rest, all.slice(index + 1));
    }
  }),
  law("L3.exact", "an entry is read exactly as it was written", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    const hostile = 'line\nbreak \u0000 \u2028 \ndata: [DONE]\nevent: done\n\n😀 \u007f "quotes" \\';
    const written = log.write(
      { ...runStart("one"), metadata: { nested: { list: [1, "two", null, true] } } },
      text(hostile),
      { type: "data", step: 1, name: "n", value: { deep: [hostile] } },
      { type: "tool-error", step: 1, callId: "c", name: "t", reason: "failed", message: hostile },
    );
    await store.append(id, written);
    deepEqual((await store.read(id, START, 100)).slice(1), written);
  }),
  law("L3.follows", "an attempt names the cursor that it follows", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const first = await begin(store, id);
    await store.append(id, first.write(runStart("one")));
    const second = await store.acquire(id, { worker: "other", run: 1 });
    ok(second);
    equal(second.type === "attempt-start" && second.follows, "1-1");
    equal(second.type === "attempt-start" && second.worker, "other");
    equal(cursorOf(second), "2-0");
    equal(second.run, 1);
    deepEqual(await store.read(id, cursorAt(1, 1), 10), [second]);
  }),
  law(
    "L5.late",
    "nobody becomes the holder of a conversation in which nothing is to be done",
    async ({ store }) => {
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      equal(await store.acquire(id, { worker: "late", run: 1 }), undefined);
      const conversation = await found(store, id);
      equal(conversation.attempt, 1);
      ok(isSettled(conversation));
    },
  ),
  law(
    "L9.late",
    "nobody becomes the holder who decided before a run ended what to do in the next",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const { settled } = await found(store, id);
      await finishedRun(store, id, "one", { posted: true });
      await store.post(id, request("two"));
      await refused(store.acquire(id, { worker: "slept", run: 1, settled }), "fenced");
      const now = await found(store, id);
      equal(now.attempt, 1);
      const next = await store.acquire(id, { worker: "awake", run: 2, settled: now.settled });
      equal(next?.run, 2);
    },
  ),
  law(
    "L10.anew",
    "nobody becomes the holder who decided before a conversation was deleted what to do in the one after it",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const { settled, createdAt } = await found(store, id);
      const deleted = createdAt - 1;
      await refused(store.acquire(id, { worker: "slept", run: 1, settled, createdAt: deleted }), "fenced");
      equal((await found(store, id)).attempt, 0);
      ok(await store.acquire(id, { worker: "awake", run: 1, settled, createdAt }));
    },
  ),
  law(
    "L4.opening",
    "what an attempt opens with follows its start, takes its items, and is there when the holder is told",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const item = await firstItem(store, id);
      let opened: readonly LogEvent[] = [];
      const start = await store.acquire(id, {
        worker: "w",
        run: 1,
        opening: (begun) => {
          const { attempt, run } = begun;
          const bodies = [runStart("one"), { type: "step-start", step: 1, kind: "model" }] as const;
          opened = bodies.map((body, index) => ({ v: 1, attempt, seq: index + 1, at: 1, run, ...body }));
          return { events: opened, takes: [item] };
        },
      });
      deepEqual(await store.read(id, START, 10), [start, ...opened]);
      const { tip, inbox } = await found(store, id);
      deepEqual([tip, inbox], [cursorAt(1, 2), []]);
      const [next] = opened.slice(-1).map((event) => ({ ...event, ...text("on"), seq: event.seq + 1 }));
      ok(next);
      await store.append(id, [next]);
      equal(await textIn(store, id), "on");
    },
  ),
  law(
    "L4.opening-refused",
    "an attempt that does not begin opens with nothing, and one may open with nothing",
    async ({ store }) => {
      const [over, other] = [randomConversationId(), randomConversationId()];
      await finishedRun(store, over, "one");
      equal(await store.acquire(over, { worker: "late", run: 1, opening: openingOfNobody }), undefined);
      await store.post(other, request("one"));
      const holder = { worker: "slept", run: 1, settled: cursorAt(7, 7), opening: openingOfNobody };
      await refused(store.acquire(other, holder), "fenced");
      equal((await found(store, other)).tip, START);
      const start = await store.acquire(other, { worker: "w", run: 1, opening: () => undefined });
      deepEqual(await store.read(other, START, 10), [start]);
    },
  ),
  law(
    "L4.foreseen",
    "what an attempt is foreseen to open with is written when it is that attempt, and left alone when it is another",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const item = await firstItem(store, id);
      const openingOf = (attempt: number): Opening => ({
        events: [{ v: 1, attempt, seq: 1, at: 1, run: 1, ...runStart("one") }],
        takes: [item],
      });
      const holder = { worker: "w", run: 1, opening: () => undefined };
      for (const wrong of [
        { attempt: 2, follows: START },
        { attempt: 2, follows: cursorAt(1, 7) },
      ]) {
        const foresee = (): ForeseenOpening => ({ ...openingOf(wrong.attempt), ...wrong });
        const start = await store.acquire(id, { ...holder, foresee });
        ok(start);
        deepEqual((await store.read(id, START, 10)).at(-1), start);
      }
      equal((await found(store, id)).inbox.length, 1);
      const right = { attempt: 3, follows: cursorAt(2, 0) };
      const start = await store.acquire(id, {
        ...holder,
        opening: ({ attempt }) => openingOf(attempt),
        foresee: () => ({ ...openingOf(3), ...right }),
      });
      deepEqual(await store.read(id, cursorAt(2, 0), 10), [start, ...openingOf(3).events]);
      const { tip, inbox } = await found(store, id);
      deepEqual([tip, inbox], [cursorAt(3, 1), []]);
    },
  ),
  law("L4.repeat", "repeating an append changes nothing", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    const batch = log.write(runStart("one"), text("once"));
    await store.append(id, batch, { takes: [await firstItem(store, id)] });
    await store.append(id, batch, { takes: [await firstItem(store, id)] });
    await store.append(id, batch.slice(1));
    equal(await textIn(store, id), "once");
    equal((await found(store, id)).tip, cursorAt(1, 2));
  }),
  law(
    "L4.overlap",
    "of an append that overlaps what is there, only the rest is written",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      const [a, b] = [log.write(text("a")), log.write(text("b"))];
      await store.append(id, a);
      await store.append(id, [...a, ...b]);
      equal(await textIn(store, id), "ab");
    },
  ),
  law("L4.fence", "a stale attempt can neither write nor take nor end", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const zombie = await begin(store, id);
    const holder = await begin(store, id);
    const item = await firstItem(store, id);
    const stale = zombie.write(runStart("one"), ended());
    await refused(store.append(id, stale, { takes: [item], record: record(stale) }), "fenced");
    await store.append(id, holder.write(text("mine")));
    await refused(store.append(id, stale), "fenced");
    const conversation = await found(store, id);
    equal(conversation.inbox.length, 1);
    equal(conversation.settled, START);
    deepEqual(await store.history(id), []);
    equal(await textIn(store, id), "mine");
  }),
  law("L4.race", "of racing attempts only the last one writes", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const logs = await Promise.all(Array.from({ length: 5 }, () => begin(store, id)));
    equal(new Set(logs.map((log) => log.attempt)).size, 5);
    const results = await Promise.allSettled(logs.map((log) => store.append(id, log.write(text("x")))));
    equal(results.filter((result) => result.status === "fulfilled").length, 1);
    equal(await textIn(store, id), "x");
  }),
  law(
    "L3.gap",
    "an append that would leave a hole is refused and says where the log ends",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      log.write(text("lost"));
      const error = await refused(store.append(id, log.write(text("after"))), "log_gap");
      equal(error.details["tip"], "1-0");
      equal((await store.read(id, START, 10)).length, 1);
    },
  ),
  law("L4.take", "taking an item and writing its effect are one step", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    await store.post(id, request("two"));
    const log = await begin(store, id);
    await store.append(id, log.write(runStart("one")), { takes: [await firstItem(store, id)] });
    deepEqual(
      (await found(store, id)).inbox.map((item) => item.kind === "run" && item.id),
      ["two"],
    );
  }),
  law(
    "L5.end",
    "the end of a run settles the conversation, keeps its record and closes its attempt",
    async ({ store }) => {
      const id = randomConversationId();
      const log = await finishedRun(store, id, "one");
      const conversation = await found(store, id);
      equal(conversation.settled, conversation.tip);
      ok(isSettled(conversation));
      const [kept, ...others] = await store.history(id);
      deepEqual(others, []);
      equal(kept?.id, "one");
      equal(kept.text, "answer one");
      await refused(store.append(id, log.write(text("more"))), "fenced");
      const end = (await store.read(id, START, 100)).at(-1);
      equal(end?.type, "run-completed");
    },
  ),
  law("L13.history", "records are kept in order and read in pages", async ({ store }) => {
    const id = randomConversationId();
    for (const name of ["one", "two", "three"]) await finishedRun(store, id, name);
    deepEqual(
      (await store.history(id)).map((kept) => kept.id),
      ["one", "two", "three"],
    );
    deepEqual(
      (await store.history(id, { from: 2, limit: 1 })).map((kept) => kept.id),
      ["two"],
    );
  }),
  law("L6.beyond", "a cursor beyond the log is refused", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    await begin(store, id);
    await refused(store.read(id, cursorAt(1, 1), 10), "cursor_beyond_log");
    await refused(store.read(id, cursorAt(1734649123456, 0), 10), "cursor_beyond_log");
    await refused(collect(store, id, cursorAt(9, 0), 1), "cursor_beyond_log");
  }),
  law("L7.voided", "a reset is remembered with what it voids", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    await store.append(id, log.write(runStart("one"), stepStart(), text("half")));
    const next = await begin(store, id);
    await store.append(
      id,
      next.write({ type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted" }),
    );
    deepEqual((await found(store, id)).voided, [{ from: "1-2", reset: "2-1" }]);
  }),
  law(
    "L6.follow",
    "a follower gets what is stored and what comes, wherever it starts, once and in order",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      await store.append(id, log.write(runStart("one"), ...texts(5)));
      const total = 20;
      const followers = [-1, 0, 4, 6].map((seq) => ({
        seq,
        events: collect(store, id, seq < 0 ? START : cursorAt(1, seq), total - 1 - seq),
      }));
      for (let batch = 0; batch < 4; batch++) await store.append(id, log.write(...texts(3)));
      await store.append(id, log.write({ type: "data", step: 1, name: "last", value: null }));
      const all = await store.read(id, START, 100);
      equal(all.length, total);
      for (const { seq, events } of followers) deepEqual(await events, all.slice(seq + 1));
    },
  ),
  law("L6.follow-attempts", "a follower goes on across attempts and runs", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("zero"));
    const events = collect(store, id, START, 8);
    await finishedRun(store, id, "zero", { posted: true });
    await finishedRun(store, id, "one");
    deepEqual((await events).map(cursorOf), ["1-0", "1-1", "1-2", "1-3", "2-0", "2-1", "2-2", "2-3"]);
  }),
  law(
    "L6.follow-beside",
    "a follower hears what another process writes",
    async ({ store, openBeside }) => {
      if (!openBeside) return;
      const beside = await openBeside();
      try {
        const id = randomConversationId();
        await store.post(id, request("one"));
        const events = collect(beside, id, START, 4);
        await finishedRun(store, id, "one", { posted: true });
        deepEqual((await events).map(cursorOf), ["1-0", "1-1", "1-2", "1-3"]);
      } finally {
        await beside.close();
      }
    },
    { needs: "openBeside" },
  ),
  law("L6.follow-many", "a long log and a burst reach a follower whole", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    for (let batch = 0; batch < 15; batch++) await store.append(id, log.write(...texts(100)));
    const events = collect(store, id, START, 3001);
    for (let batch = 0; batch < 15; batch++) await store.append(id, log.write(...texts(100)));
    deepEqual(
      (await events).map((event) => event.seq),
      Array.from({ length: 3001 }, (_, seq) => seq),
    );
  }),
  law(
    "L4.listener",
    "an append with a listener is answered once, by it or by a promise, and does what any other does",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      let answers = 0;
      let hasReturned = false;
      let taken = false;
      const appendHeard = (events: readonly LogEvent[], options?: AppendOptions): Promise<void> =>
        new Promise((resolve, reject) => {
          const answered = (answer: () => void): void => {
            ok(hasReturned, "It is answered after the call.");
            answers += 1;
            answer();
          };
          const listener = {
            taken: () => (taken = true),
            appended: () => answered(resolve),
            refused: (error: unknown) => answered(() => reject(error)),
          };
          hasReturned = false;
          taken = false;
          const promise = store.append(id, events, options, listener);
          hasReturned = true;
          equal(taken, promise === undefined, "It is taken, or there is a promise.");
          promise?.then(listener.appended, listener.refused);
        });
      const [item] = (await found(store, id)).inbox;
      ok(item);
      await appendHeard(log.write(runStart("one"), stepStart()), { takes: [item.itemId] });
      const batches = Array.from({ length: 10 }, (_, size) => log.write(...texts(1 + size)));
      for (const batch of batches) await appendHeard(batch);
      await appendHeard(batches.at(-1) ?? []);
      equal((await store.read(id, START, 100)).length, 3 + 55);
      equal((await found(store, id)).inbox.length, 0);
      const next = await begin(store, id);
      await refused(appendHeard(log.write(text("too late"))), "fenced");
      const end = next.write(ended());
      await appendHeard(end, { record: record(end) });
      equal((await store.history(id)).length, 1);
      // Whatever would be told twice is told by now.
      await store.ping();
      equal(answers, 14);
    },
  ),
  law(
    "L4.listener-again",
    "what a store keeps with a listener misleads it in no other conversation, and after no takeover or delete",
    async ({ store }) => {
      const [one, two] = [randomConversationId(), randomConversationId()];
      for (const id of [one, two]) await store.post(id, request("one"));
      let answer = Promise.withResolvers<void>();
      const listener: AppendListener = {
        taken() {},
        appended: () => answer.resolve(),
        refused: (error) => answer.reject(error),
      };
      const append = (id: ConversationId, events: readonly LogEvent[]): Promise<void> => {
        answer = Promise.withResolvers();
        const { promise, resolve, reject } = answer;
        store.append(id, events, undefined, listener)?.then(resolve, reject);
        return promise;
      };
      const [first, second] = [await begin(store, one), await begin(store, two)];
      // One ahead of the other, past the listener: what follows in the second would follow the newest of the first as well.
      await store.append(two, second.write(text("two")));
      for (let round = 0; round < 3; round++) {
        await append(one, first.write(text("one")));
        await append(two, second.write(text("two")));
      }
      const next = await begin(store, one);
      await refused(append(one, first.write(text("too late"))), "fenced");
      await append(one, next.write(text("on")));
      equal((await store.read(one, START, 100)).length, 1 + 3 + 1 + 1);
      equal((await store.read(two, START, 100)).length, 1 + 4);
      await store.delete(two);
      await refused(append(two, second.write(text("too late"))), "fenced");
      await store.post(two, request("again"));
      const again = await begin(store, two);
      await append(two, again.write(text("again")));
      equal((await store.read(two, START, 100)).length, 2);
    },
  ),
  law(
    "L6.listen",
    "a listener hears a long log and a burst whole, fast or slow, and is told when it is over",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      const log = await begin(store, id);
      for (let batch = 0; batch < 10; batch++) await store.append(id, log.write(...texts(100)));
      const abort = new AbortController();
      const heard: LogEvent[] = [];
      const ends: (AgentError | undefined)[] = [];
      const listener: EntryListener = {
        hear(events) {
          heard.push(...events);
          // Slow now and then.
          return heard.length % 3 === 0 ? new Promise((resolve) => setTimeout(resolve, 1)) : undefined;
        },
        end: (reason) => void ends.push(reason),
      };
      const entries = store.follow(id, START, { signal: abort.signal });
      if (!entries.listen) return;
      entries.listen(listener);
      for (let batch = 0; batch < 20; batch++) await store.append(id, log.write(...texts(50)));
      await eventually("all is heard", () => heard.length >= 2001);
      deepEqual(
        heard.map((event) => event.seq),
        Array.from({ length: 2001 }, (_, seq) => seq),
      );
      abort.abort();
      await eventually("the listener is told that it is over", () => ends.length > 0);
      deepEqual(ends, [undefined]);
    },
  ),
  law(
    "L12.abort",
    "following ends when the reader wants it, and deleting ends it with a refusal",
    async ({ store }) => {
      const id = randomConversationId();
      await store.post(id, request("one"));
      await begin(store, id);
      const abort = new AbortController();
      const seen: LogEvent[] = [];
      for await (const batch of store.follow(id, START, { signal: abort.signal })) {
        seen.push(...batch);
        abort.abort();
      }
      equal(seen.length, 1);
      // Listened to before it can come.
      const refusal = refused(collect(store, id, START, 2), "conversation_not_found");
      await eventually("the conversation is deleted", async () => store.delete(id));
      await refusal;
    },
  ),
  law("L12.slow", "a reader that does not read holds nobody up and misses nothing", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    const abort = new AbortController();
    const slow = store.follow(id, START, { signal: abort.signal })[Symbol.asyncIterator]();
    const first = await slow.next();
    ok(!first.done);
    for (let batch = 0; batch < 30; batch++) await store.append(id, log.write(...texts(100)));
    const seen = [...first.value];
    while (seen.length < 3001) {
      const next = await slow.next();
      if (next.done) break;
      seen.push(...next.value);
    }
    deepEqual(
      seen.map((event) => event.seq),
      Array.from({ length: 3001 }, (_, seq) => seq),
    );
    abort.abort();
    equal((await slow.next()).done, true);
  }),
  law(
    "L13.expiry",
    "a stream expires after its last write; the history and the attempt counter stay",
    async ({ store }) => {
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      await eventually("the stream expires", async () => (await found(store, id)).base !== START);
      equal((await found(store, id)).base, cursorAt(1, 3));
      await refused(store.read(id, cursorAt(1, 1), 10), "stream_expired");
      deepEqual(await store.read(id, START, 10), []);
      equal((await store.history(id)).length, 1);
      await finishedRun(store, id, "two");
      const [first] = await store.read(id, START, 10);
      equal(first?.type === "attempt-start" && first.follows, "1-3");
      await refused(store.read(id, cursorAt(1, 1), 10), "stream_expired");
      deepEqual((await store.read(id, cursorAt(1, 3), 10)).map(cursorOf), ["2-0", "2-1", "2-2", "2-3"]);
    },
    { streamTtlMs: 60 },
  ),
  law(
    "L13.live",
    "a stream does not expire while its run is under way",
    async ({ store }) => {
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      await store.post(id, request("two"));
      const log = await begin(store, id);
      await store.append(id, log.write(runStart("two"), text("still here")));
      await new Promise((resolve) => setTimeout(resolve, 200));
      ok((await textIn(store, id)).endsWith("still here"));
      await store.append(id, log.write(text("!")));
    },
    { streamTtlMs: 80 },
  ),
  law(
    "L13.forgotten",
    "a conversation goes when its history has outlived its time",
    async ({ store }) => {
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      await eventually("the conversation goes", async () => (await store.conversation(id)) === undefined);
      await refused(store.read(id, START, 10), "conversation_not_found");
    },
    { streamTtlMs: 30, historyTtlMs: 60 },
  ),
  law("L10.unfinished", "what waits or is under way is found, what has ended is not", async ({ store }) => {
    const [waiting, running, done] = [randomConversationId(), randomConversationId(), randomConversationId()];
    await store.post(waiting, request("one"));
    await store.post(running, request("one"));
    const log = await begin(store, running);
    await store.append(running, log.write(runStart("one")), { takes: [await firstItem(store, running)] });
    await finishedRun(store, done, "one");
    const names: ConversationId[] = [];
    for await (const { id, updatedAt } of store.unfinished(0)) {
      names.push(id);
      equal(updatedAt, (await found(store, id)).updatedAt);
    }
    deepEqual(names.toSorted(), [waiting, running].toSorted());
    const recent: ConversationId[] = [];
    for await (const { id } of store.unfinished(60_000)) recent.push(id);
    deepEqual(recent, []);
  }),
  law("list", "conversations are listed newest first, by agent, in pages", async ({ store }) => {
    const ids = [randomConversationId(), randomConversationId(), randomConversationId()];
    for (const [index, id] of ids.entries()) {
      await store.post(id, { ...request("one"), agent: index === 1 ? "Other" : AGENT });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const newestFirst = ids.toReversed();
    deepEqual(
      (await store.list({ limit: 10 })).conversations.map(({ id }) => id),
      newestFirst,
    );
    deepEqual(
      (await store.list({ limit: 10, agent: "Other" })).conversations.map(({ id }) => id),
      [ids[1]],
    );
    const first = await store.list({ limit: 2 });
    deepEqual(
      first.conversations.map(({ id }) => id),
      newestFirst.slice(0, 2),
    );
    ok(first.next !== undefined);
    const rest = await store.list({ limit: 2, after: first.next });
    deepEqual(
      rest.conversations.map(({ id }) => id),
      newestFirst.slice(2),
    );
    equal(rest.next, undefined);
  }),
  law("delete", "a deleted conversation is gone, and its holder is fenced", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    equal(await store.delete(id), true);
    equal(await store.conversation(id), undefined);
    await refused(store.append(id, log.write(text("late"))), "fenced");
    deepEqual((await store.list({ limit: 10 })).conversations, []);
    equal(await store.delete(id), false);
  }),
  law(
    "restore",
    "a conversation moved in is the same, cursors, records and voided ranges, and goes on from there",
    async ({ store }) => {
      if (!store.restore) return;
      const id = randomConversationId();
      await interruptedRun(store, id, "one");
      await finishedRun(store, id, "two");
      await store.post(id, { kind: "cancel", upTo: 2 });
      const before = await found(store, id);
      const snapshot = await snapshotOf(store, id);
      await store.delete(id);
      equal(await store.restore(snapshot), true);
      const { updatedAt, ...after } = await found(store, id);
      deepEqual(after, withoutTouch(before));
      ok(updatedAt >= before.updatedAt, "it counts as touched when it was moved in");
      deepEqual(await snapshotOf(store, id), snapshot);
      deepEqual(
        (await store.list({ limit: 10 })).conversations.map((each) => each.id),
        [id],
      );
      await finishedRun(store, id, "three");
      const next = (await store.read(id, before.tip, 10)).map(cursorOf);
      deepEqual(next, ["4-0", "4-1", "4-2", "4-3"]);
      equal((await store.history(id)).length, 3);
    },
    { needs: "restore" },
  ),
  law(
    "restore.exists",
    "nothing is moved in over a conversation that is there",
    async ({ store }) => {
      if (!store.restore) return;
      const [id, other] = [randomConversationId(), randomConversationId()];
      await finishedRun(store, id, "one");
      await finishedRun(store, other, "other");
      const before = await found(store, id);
      equal(await store.restore({ ...(await snapshotOf(store, other)), id }), false);
      deepEqual(await found(store, id), before);
      equal((await store.history(id))[0]?.id, "one");
    },
    { needs: "restore" },
  ),
  law(
    "restore.expired",
    "a conversation whose stream has expired is moved in without it, and goes on after it",
    async ({ store }) => {
      if (!store.restore) return;
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      const whole = await snapshotOf(store, id);
      await store.delete(id);
      await store.restore({ ...whole, base: whole.tip, entries: [] });
      equal((await found(store, id)).base, cursorAt(1, 3));
      deepEqual(await store.read(id, START, 10), []);
      await refused(store.read(id, cursorAt(1, 1), 10), "stream_expired");
      equal((await store.history(id))[0]?.text, "answer one");
      await finishedRun(store, id, "two");
      const [first] = await store.read(id, cursorAt(1, 3), 10);
      equal(first?.type === "attempt-start" && first.follows, "1-3");
    },
    { needs: "restore" },
  ),
  law(
    "restore.retention",
    "the retention of a conversation begins anew when it is moved in",
    async ({ store }) => {
      if (!store.restore) return;
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      const snapshot = await snapshotOf(store, id);
      await eventually("the conversation goes", async () => (await store.conversation(id)) === undefined);
      equal(await store.restore(snapshot), true);
      equal(await textIn(store, id), "answer one");
      await eventually("it goes again", async () => (await store.conversation(id)) === undefined);
    },
    { streamTtlMs: 800, historyTtlMs: 800, needs: "restore" },
  ),
  law(
    "restore.misuse",
    "what is not a whole conversation is the caller's mistake",
    async ({ store }) => {
      const { restore } = store;
      if (!restore) return;
      const id = randomConversationId();
      await finishedRun(store, id, "one");
      const whole = await snapshotOf(store, id);
      await store.delete(id);
      const { entries, tip, records } = whole;
      const [posted] = whole.records;
      ok(posted);
      const broken: readonly Partial<ConversationSnapshot>[] = [
        { entries: entries.filter((_entry, index) => index !== 1) },
        { entries: entries.slice(1) },
        { entries: entries.slice(0, -1) },
        { entries: entries.slice(0, -1), tip: cursorAt(1, 2) },
        { tip: cursorAt(1, 4) },
        { runs: 0 },
        { records: [...records, posted] },
        { inbox: [{ ...request("two"), itemId: 2, at: 1, run: 2 }] },
      ];
      for (const change of broken) await rejects(restore({ ...whole, ...change }), TypeError);
      equal(await store.conversation(id), undefined);
      equal(tip, cursorAt(1, 3));
    },
    { needs: "restore" },
  ),
  law("misuse", "an append with a hole inside, or of nothing, is the caller's mistake", async ({ store }) => {
    const id = randomConversationId();
    await store.post(id, request("one"));
    const log = await begin(store, id);
    const [a, , c] = log.write(text("a"), text("b"), text("c"));
    ok(a && c);
    await rejects(store.append(id, [a, c]), TypeError);
    await rejects(store.append(id, []), TypeError);
  }),
];

const AGENT = "TestAgent";

function openingOfNobody(): Opening {
  throw new Error("An opening was asked for although nobody took hold.");
}

/** What some laws cannot be checked without, and how it is said that it is not there. */
const NEEDS = {
  reopen: "the store cannot be opened again here",
  openBeside: "the store is for one process",
  restore: "conversations cannot be moved into the store",
} as const;

type Need = keyof typeof NEEDS;

function has({ store, reopen, openBeside }: StoreSubject, need: Need): boolean {
  return { reopen, openBeside, restore: store.restore }[need] !== undefined;
}

function law(
  id: string,
  says: string,
  check: (subject: StoreSubject) => Promise<void>,
  { needs, ...options }: SubjectOptions & { readonly needs?: Need } = {},
): Law<StoreSubject> {
  return {
    id,
    says,
    async check(open) {
      const subject = await open(options);
      try {
        if (needs !== undefined && !has(subject, needs)) return { skipped: NEEDS[needs] };
        await check(subject);
        return undefined;
      } finally {
        await subject.close();
      }
    },
  };
}

function request(id: string): RunRequest {
  return { kind: "run", id, agent: AGENT, input: `Question ${id}`, options: {} };
}

/** Writes entries of one attempt, each in its place. */
interface AttemptWriter {
  readonly attempt: number;
  write(...bodies: EventBody[]): readonly LogEvent[];
}

async function begin(store: ConversationStore, id: ConversationId): Promise<AttemptWriter> {
  const start = await store.acquire(id, { worker: "worker", run: 1 });
  ok(start, "there is something to acquire");
  const { attempt, run } = start;
  let seq = 0;
  return {
    attempt,
    write: (...bodies) => bodies.map((body) => ({ v: 1, attempt, seq: ++seq, at: Date.now(), run, ...body })),
  };
}

async function finishedRun(
  store: ConversationStore,
  id: ConversationId,
  name: string,
  { posted = false } = {},
): Promise<AttemptWriter> {
  if (!posted) await store.post(id, request(name));
  const log = await begin(store, id);
  const item = await firstItem(store, id);
  await store.append(id, log.write(runStart(name), text(`answer ${name}`)), { takes: [item] });
  const end = log.write(ended());
  const ordinal = (await store.history(id)).length + 1;
  await store.append(id, end, { record: { ...record(end), id: name, run: ordinal, text: `answer ${name}` } });
  return log;
}

/** A run whose first attempt was lost in the middle of its answer. */
async function interruptedRun(store: ConversationStore, id: ConversationId, name: string): Promise<void> {
  await store.post(id, request(name));
  const item = await firstItem(store, id);
  const lost = await begin(store, id);
  await store.append(id, lost.write(runStart(name), stepStart(), text("half")), { takes: [item] });
  const log = await begin(store, id);
  const reset: EventBody = { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted" };
  await store.append(id, log.write(reset, stepStart(), text(`answer ${name}`)));
  const end = log.write({ type: "run-failed", code: "model_failed", message: "No more.", usage: NO_USAGE });
  await store.append(id, end, { record: { ...record(end), id: name, status: "failed" } });
}

async function snapshotOf(store: ConversationStore, id: ConversationId): Promise<ConversationSnapshot> {
  const { agent, createdAt, runs, base, tip, inbox } = await found(store, id);
  const entries = await store.read(id, base, 10_000);
  return { id, agent, createdAt, runs, base, tip, inbox, entries, records: await store.history(id) };
}

function withoutTouch({
  updatedAt: _touched,
  ...conversation
}: Conversation): Omit<Conversation, "updatedAt"> {
  return conversation;
}

function record(events: readonly LogEvent[]): RunRecord {
  const last = events.at(-1);
  return {
    run: 1,
    id: "run",
    agent: AGENT,
    status: "completed",
    input: "Question",
    options: {},
    messages: [{ role: "user", content: [{ type: "text", text: "Question\n\u0000" }] }],
    text: "",
    usage: NO_USAGE,
    acceptedAt: 1,
    startedAt: 2,
    endedAt: 3,
    attempts: 1,
    steps: 1,
    from: START,
    to: last ? cursorOf(last) : START,
  };
}

function runStart(id: string): EventBody & { type: "run-start" } {
  return { type: "run-start", id, agent: AGENT, input: `Question ${id}`, acceptedAt: 1, options: {} };
}

function stepStart(): EventBody {
  return { type: "step-start", step: 1, kind: "model" };
}

function text(delta: string): EventBody {
  return { type: "text-delta", step: 1, id: "t", delta, sequence: 0 };
}

function texts(count: number): EventBody[] {
  return Array.from({ length: count }, (_, index) => text(`${index} `));
}

function ended(): EventBody {
  return { type: "run-completed", usage: NO_USAGE };
}

async function found(store: ConversationStore, id: ConversationId) {
  const conversation = await store.conversation(id);
  ok(conversation, `conversation ${id} is there`);
  return conversation;
}

async function firstItem(store: ConversationStore, id: ConversationId): Promise<number> {
  return (await found(store, id)).inbox[0]?.itemId ?? 0;
}

async function textIn(store: ConversationStore, id: ConversationId): Promise<string> {
  const events = await store.read(id, START, 10_000);
  return events.map((event) => (event.type === "text-delta" ? event.delta : "")).join("");
}

async function collect(
  store: ConversationStore,
  id: ConversationId,
  after: Cursor,
  count: number,
): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  const signal = AbortSignal.timeout(10_000);
  for await (const batch of store.follow(id, after, { signal })) {
    events.push(...batch);
    if (events.length >= count) break;
  }
  return events;
}

async function refused(call: Promise<unknown>, code: ErrorCode): Promise<AgentError> {
  try {
    await call;
  } catch (error) {
    const refusal = AgentError.from(error);
    if (refusal.code !== code) throw error;
    return refusal;
  }
  throw new Error(`Expected a refusal with ${code}.`);
}
