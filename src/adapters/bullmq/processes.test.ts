import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { RunEngine } from "../../ports/index.ts";
import { eventually } from "../../testing/law.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { createBullmqEngine } from "./bullmq-engine.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

describe("processes on one Redis", () => {
  test("go on within 5 s with what a killed one was driving", async () => {
    const prefix = newPrefix();
    const victim = await startWorker(prefix);
    const id = randomConversationId();
    const survivor = openEngine(prefix);
    await survivor.wake(id);
    await eventually("the drive in the victim", () => victim.told("begun", id));
    const begun: number[] = [];
    await survivor.start(async () => {
      begun.push(performance.now());
      return { state: "idle" };
    });
    const killed = performance.now();
    victim.child.kill("SIGKILL");
    await eventually("the drive in the survivor", () => begun.length > 0);
    const took = Math.round((begun[0] ?? 0) - killed);
    console.info(`SIGKILL to the next drive: ${took} ms`);
    expect(took).toBeLessThan(TAKEOVER_MS);
  });

  test("go on with what a frozen one was driving, and it is told when it thaws", async () => {
    const prefix = newPrefix();
    const zombie = await startWorker(prefix);
    const id = randomConversationId();
    const survivor = openEngine(prefix);
    await survivor.wake(id);
    await eventually("the drive in the zombie", () => zombie.told("begun", id));
    let drives = 0;
    await survivor.start(async () => {
      drives++;
      return { state: "idle" };
    });
    // A timer makes BullMQ's workers sleep for longer.
    await survivor.wake(randomConversationId(), { notBefore: Date.now() + 3_600_000 });
    const frozen = performance.now();
    zombie.child.kill("SIGSTOP");
    await eventually("the drive in the survivor", () => drives > 0);
    const took = Math.round(performance.now() - frozen);
    console.info(`SIGSTOP to the next drive: ${took} ms`);
    expect(took).toBeLessThan(TAKEOVER_MS);
    expect(zombie.told("aborted", id)).toBe(false);
    zombie.child.kill("SIGCONT");
    await eventually("the zombie's drive is aborted", () => zombie.told("aborted", id), 2_000);
    await survivor.wake(id);
    await eventually("wakes still lead to drives", () => drives + zombie.count("begun", id) > 2);
  });

  test("end by themselves after a stop: nothing is left open", async () => {
    const prefix = newPrefix();
    const worker = await startWorker(prefix);
    const engine = openEngine(prefix);
    const id = `quick-${randomConversationId()}` as ConversationId;
    await engine.wake(id);
    await engine.wake(randomConversationId(), { notBefore: Date.now() + 3_600_000 });
    await eventually("a drive", () => worker.told("begun", id));
    const exit = once(worker.child, "exit");
    const told = performance.now();
    worker.child.send("stop");
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - told).toBeLessThan(2_000);
  });
});

/** Within this a conversation goes on elsewhere, in milliseconds. */
const TAKEOVER_MS = 5_500;

interface WorkerProcess {
  readonly child: ChildProcess;
  count(kind: string, id: ConversationId): number;
  told(kind: string, id: ConversationId): boolean;
}

async function startWorker(prefix: string): Promise<WorkerProcess> {
  const messages: { kind: string; id?: string }[] = [];
  const child = fork(new URL("worker.fixture.ts", import.meta.url), [
    JSON.stringify({ port: redis.port, prefix }),
  ]);
  child.on("message", (message: { kind: string; id?: string }) => messages.push(message));
  const exit = once(child, "exit");
  opened.push(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  await eventually("the worker is ready", () => messages.some(({ kind }) => kind === "ready"));
  const count = (kind: string, id: ConversationId): number =>
    messages.filter((message) => message.kind === kind && message.id === id).length;
  return { child, count, told: (kind, id) => count(kind, id) > 0 };
}

function openEngine(prefix: string): RunEngine {
  const engine = createBullmqEngine({ connection: { port: redis.port }, prefix, onError: () => undefined });
  opened.push(() => engine.stop({ graceMs: 0 }));
  return engine;
}

function newPrefix(): string {
  return `{${crypto.randomUUID()}}`;
}
