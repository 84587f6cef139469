import { describe, expect, test } from "vitest";
import { AgentError, START } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { createFollowHub } from "./follow-hub.ts";
import type { FollowHubOptions } from "./follow-hub.ts";

const ID = "conversation" as ConversationId;

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
    const lost = new AgentError("store_unavailable", "Gone.");
    const reading = open([], { read: () => Promise.reject(lost) });
    await expect(reading.follow().next()).rejects.toBe(lost);
    const hearing = open([], { subscribe: () => Promise.reject(lost) });
    await expect(hearing.follow().next()).rejects.toBe(lost);
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
    expect(hub.followed()).toEqual([{ id: ID, position: "1-0" }]);
    await two.return?.();
    expect(calls).toEqual(["subscribe", "unsubscribe"]);
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
  };
}

function entry(seq: number): LogEvent {
  return { v: 1, attempt: 1, seq, at: 0, run: 1, type: "text-start", step: 1, id: "t" };
}

/** Until whatever follows from what was done has followed. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
