import { describe, expect, test } from "vitest";
import { AgentError, START } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { createFollowHub } from "./follow-hub.ts";
import type { FollowHubOptions } from "./follow-hub.ts";

const ID = "conversation" as ConversationId;
const LOST = new AgentError("store_unavailable", "Gone.");

describe("a follower", () => {
  test("reads what is stored, then is given what is heard as the very array that was published", async () => {
    const { hub, log, follow } = open([entry(0), entry(1)]);
    const follower = follow();
    expect(await follower.next()).toEqual({ done: false, value: log });
    const next = follower.next();
    await settled();
    const heard = [entry(2), entry(3)];
    hub.publish(ID, []);
    hub.publish(ID, heard);
    expect((await next).value).toBe(heard);
  });

  test("asks the store about a hole, and drops what it has", async () => {
    const { hub, log, reads, follow } = open([entry(0), entry(1)]);
    const follower = follow();
    await follower.next();
    const next = follower.next();
    await settled();
    log.push(entry(2), entry(3));
    hub.publish(ID, [entry(1)]);
    hub.publish(ID, [entry(3)]);
    expect((await next).value).toEqual([entry(2), entry(3)]);
    expect(reads).toEqual([START, "1-1"]);
  });

  test("goes across attempts where the one begins that follows its position", async () => {
    const { hub, follow } = open([entry(0)]);
    const follower = follow();
    await follower.next();
    const next = follower.next();
    await settled();
    const start: LogEvent = {
      ...entry(0),
      attempt: 2,
      type: "attempt-start",
      worker: "w",
      follows: "1-0" as Cursor,
    };
    hub.publish(ID, [start]);
    expect((await next).value).toEqual([start]);
  });

  test("keeps what it hears while it is not asked, up to a number of entries", async () => {
    const { hub, log, reads, follow } = open([entry(0)]);
    const follower = follow();
    await follower.next();
    const next = follower.next();
    await settled();
    hub.publish(ID, [entry(1)]);
    await next;
    hub.publish(ID, [entry(2)]);
    hub.publish(ID, [entry(3), entry(4)]);
    expect((await follower.next()).value).toEqual([entry(2), entry(3), entry(4)]);
    const many = Array.from({ length: 1100 }, (_, index) => entry(5 + index));
    log.push(...Array.from({ length: 4 }, (_, index) => entry(1 + index)), ...many);
    for (const each of many) hub.publish(ID, [each]);
    expect((await follower.next()).value).toEqual(many.slice(0, 512));
    expect(reads.at(-1)).toBe("1-4");
  });

  test("ends when its signal aborts, also while it waits for a read that does not come", async () => {
    const stuck = Promise.withResolvers<readonly LogEvent[]>();
    const { hub, abort, follow } = open([], { read: () => stuck.promise });
    const next = follow().next();
    await settled();
    abort.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(hub.followed()).toEqual([]);
  });

  test("is told once why its conversation ended, and then that it is over", async () => {
    const { hub, follow } = open([entry(0)]);
    const follower = follow();
    await follower.next();
    const next = follower.next();
    hub.remove(ID);
    await expect(next).rejects.toMatchObject({ code: "conversation_not_found" });
    expect(await follower.next()).toEqual({ done: true, value: undefined });
  });

  test("passes on why a read, or the hearing, failed", async () => {
    const reading = open([], { read: () => Promise.reject(LOST) });
    await expect(reading.follow().next()).rejects.toBe(LOST);
    const hearing = open([], { subscribe: () => Promise.reject(LOST) });
    await expect(hearing.follow().next()).rejects.toBe(LOST);
    expect(hearing.hub.followed()).toEqual([]);
  });

  test("is heard for from its first question until it leaves", async () => {
    const calls: string[] = [];
    const { hub, follow } = open([entry(0)], {
      subscribe: async () => void calls.push("subscribe"),
      unsubscribe: () => void calls.push("unsubscribe"),
    });
    const [one, two] = [follow(), follow()];
    expect(calls).toEqual([]);
    await one.next();
    await two.next();
    await one.return?.();
    expect(calls).toEqual(["subscribe"]);
    expect(hub.position(ID)).toBe("1-0");
    await two.return?.();
    expect(calls).toEqual(["subscribe", "unsubscribe"]);
  });
});

describe("a listener", () => {
  test("hears what is stored, then what is published in the very turn", async () => {
    const { hub, log, listen } = open([entry(0), entry(1)]);
    const { heard } = listen();
    expect(heard).toEqual([]);
    await settled();
    expect(heard).toEqual([log]);
    const [one, two] = [[entry(2)], [entry(3), entry(4)]];
    hub.publish(ID, one);
    expect(heard[1]).toBe(one);
    hub.publish(ID, two);
    expect(heard[2]).toBe(two);
  });

  test("hears of a hole what the store has, once", async () => {
    const { hub, log, listen } = open([entry(0), entry(1)]);
    const { heard } = listen();
    await settled();
    log.push(entry(2), entry(3));
    hub.publish(ID, [entry(1)]);
    hub.publish(ID, [entry(3)]);
    await settled();
    hub.refresh(ID);
    await settled();
    hub.publish(ID, [entry(4)]);
    expect(heard.flat().map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
  });

  test("is handed nothing more before it has taken what it has, and then all of it in order", async () => {
    const taking = Promise.withResolvers<void>();
    const { hub, log, reads, listen } = open([entry(0)]);
    const { heard } = listen({ hear: ([first]) => (first?.seq === 1 ? taking.promise : undefined) });
    await settled();
    hub.publish(ID, [entry(1)]);
    hub.publish(ID, [entry(2)]);
    hub.publish(ID, [entry(3)]);
    expect(heard).toEqual([[entry(0)], [entry(1)]]);
    taking.resolve();
    await settled();
    expect(heard[2]).toEqual([entry(2), entry(3)]);
    expect(reads).toEqual([START]);
    expect(log).toEqual([entry(0)]);
  });

  test("that is slow holds a number of entries, and gets the others from the store", async () => {
    const taking = Promise.withResolvers<void>();
    const { hub, log, reads, listen } = open([entry(0)]);
    const { heard } = listen({ hear: ([first]) => (first?.seq === 1 ? taking.promise : undefined) });
    await settled();
    const many = Array.from({ length: 1100 }, (_, index) => entry(1 + index));
    log.push(...many);
    for (const each of many) hub.publish(ID, [each]);
    taking.resolve();
    await settled();
    expect(reads.slice(1, 2)).toEqual(["1-1"]);
    expect(heard.flat()).toEqual(log);
  });

  test("may make more to be heard while it hears", async () => {
    const { hub, listen } = open([entry(0)]);
    const { heard } = listen({
      hear: ([first]) => {
        if (first?.seq === 1) for (const seq of [2, 3]) hub.publish(ID, [entry(seq)]);
      },
    });
    await settled();
    hub.publish(ID, [entry(1)]);
    expect(heard.flat().map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  test("may leave while it hears, and hears no more", async () => {
    const { hub, abort, listen } = open([entry(0)]);
    const { heard, ends } = listen({ hear: () => abort.abort() });
    const beside = listen();
    await settled();
    hub.publish(ID, [entry(1)]);
    expect(heard).toEqual([[entry(0)]]);
    expect(ends).toEqual([undefined]);
    expect(beside.ends).toEqual([undefined]);
    expect(hub.followed()).toEqual([]);
  });

  test.each([
    [
      "throws",
      () => {
        throw LOST;
      },
    ],
    ["rejects", () => Promise.reject(LOST)],
  ])("that %s ends, and nobody else is hurt", async (_, hear) => {
    const { hub, listen } = open([entry(0)]);
    const { ends } = listen({ hear: ([first]) => (first?.seq === 1 ? hear() : undefined) });
    const beside = listen();
    await settled();
    hub.publish(ID, [entry(1)]);
    await settled();
    hub.publish(ID, [entry(2)]);
    expect(ends).toEqual([LOST]);
    expect(beside.heard.flat()).toEqual([entry(0), entry(1), entry(2)]);
    expect(beside.ends).toEqual([]);
  });

  test("is told once why it hears no more", async () => {
    const { hub, abort, listen } = open([entry(0)]);
    const removed = listen();
    await settled();
    hub.remove(ID);
    hub.remove(ID);
    const lost = open([], { read: () => Promise.reject(LOST) }).listen();
    await settled();
    const closed = listen();
    hub.close();
    const late = listen();
    abort.abort();
    expect(removed.ends).toMatchObject([{ code: "conversation_not_found" }]);
    expect(lost.ends).toEqual([LOST]);
    expect(closed.ends).toMatchObject([{ code: "shutting_down" }]);
    expect(late.ends).toEqual([undefined]);
  });
});

test("a hub that is closed ends its followers, and every later one", async () => {
  const { hub, follow } = open([]);
  const next = follow().next();
  const unasked = follow();
  hub.close();
  expect(await unasked.next()).toEqual({ done: true, value: undefined });
  await expect(next).rejects.toMatchObject({ code: "shutting_down" });
  expect(await follow().next()).toEqual({ done: true, value: undefined });
});

function open(log: LogEvent[], options: Partial<FollowHubOptions> = {}) {
  const reads: Cursor[] = [];
  const abort = new AbortController();
  const hub = createFollowHub({
    read: async (_id, after, limit) => {
      reads.push(after);
      const from = log.findIndex(({ attempt, seq }) => `${attempt}-${seq}` === after) + 1;
      return log.slice(from, from + limit);
    },
    ...options,
  });
  return {
    hub,
    log,
    reads,
    abort,
    follow: () => hub.follow(ID, START, abort.signal)[Symbol.asyncIterator](),
    listen({ hear }: { hear?: (events: readonly LogEvent[]) => Promise<void> | void } = {}) {
      const heard: (readonly LogEvent[])[] = [];
      const ends: (AgentError | undefined)[] = [];
      hub.follow(ID, START, abort.signal).listen?.({
        hear(events) {
          heard.push(events);
          return hear?.(events) ?? undefined;
        },
        end: (reason) => void ends.push(reason),
      });
      return { heard, ends };
    },
  };
}

function entry(seq: number): LogEvent {
  return { v: 1, attempt: 1, seq, at: 0, run: 1, type: "text-start", step: 1, id: "t" };
}

/** Until whatever follows from what was done has followed. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
