// What the paths of the Redis store cost by themselves: `node bench/redis-paths.ts`. Starts a Redis of its own; 10 s.
import { readdirSync, readFileSync } from "node:fs";
import { createRedisStore } from "../src/adapters/redis/index.ts";
import { cursorOf, randomConversationId, START } from "../src/core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../src/core/index.ts";
import { startRedisServer } from "../test/support/redis-server.ts";
import { median } from "./statistics.ts";

const WRITERS = 64;
const CHUNKS_A_WRITER = 600;
const ROUNDS = 3;
const REPLAYED_CHUNKS = 10_000;
const REPLAYS = 15;

/** Microseconds of CPU. */
interface Costs {
  readonly server: number;
  readonly client: number;
}

const server = await startRedisServer();
const store = await createRedisStore({ connection: server.url });

for (const size of [1, 5, 20]) {
  const rounds: Costs[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureAppends(size));
  const figure = (name: keyof Costs): string => median(rounds.map((each) => each[name])).toFixed(2);
  print(
    `append, batches of ${size}: CPU a chunk: Redis ${figure("server")} us, client ${figure("client")} us`,
  );
}
await measureOneByOne();
await measureReads();
await store.close();
await server.stop();

async function measureAppends(size: number): Promise<Costs> {
  const ids = await Promise.all(Array.from({ length: WRITERS }, begin));
  const before = costs();
  await Promise.all(ids.map((id) => write(id, CHUNKS_A_WRITER, size)));
  const after = costs();
  const chunks = WRITERS * CHUNKS_A_WRITER;
  return {
    server: (after.server - before.server) / chunks,
    client: (after.client - before.client) / chunks,
  };
}

async function measureOneByOne(): Promise<void> {
  const id = await begin();
  const times: number[] = [];
  for (let seq = 1; seq <= 3_000; seq++) {
    const began = performance.now();
    await store.append(id, [chunk(seq)]);
    times.push((performance.now() - began) * 1000);
  }
  print(`append, one by one: p50 ${median(times).toFixed(0)} us`);
}

async function measureReads(): Promise<void> {
  const id = await begin();
  await write(id, REPLAYED_CHUNKS, 100);
  const replays: (Costs & { readonly milliseconds: number })[] = [];
  for (let replay = 0; replay < REPLAYS; replay++) {
    const [before, began] = [costs(), performance.now()];
    await readAll(id);
    const [milliseconds, after] = [performance.now() - began, costs()];
    replays.push({
      milliseconds,
      server: (after.server - before.server) / 1000,
      client: (after.client - before.client) / 1000,
    });
  }
  const figure = (name: keyof Costs | "milliseconds"): string =>
    median(replays.map((each) => each[name])).toFixed(1);
  print(
    `read of ${REPLAYED_CHUNKS} in pages of 1000: ${figure("milliseconds")} ms; CPU: Redis ${figure("server")} ms, client ${figure("client")} ms`,
  );
}

async function begin(): Promise<ConversationId> {
  const id = randomConversationId();
  await store.post(id, { kind: "run", id: "run", agent: "Agent", input: "Question", options: {} });
  await store.acquire(id, { worker: "worker", run: 1 });
  return id;
}

async function write(id: ConversationId, chunks: number, size: number): Promise<void> {
  for (let seq = 1; seq <= chunks; seq += size) {
    await store.append(
      id,
      Array.from({ length: size }, (_, index) => chunk(seq + index)),
    );
  }
}

async function readAll(id: ConversationId): Promise<void> {
  let position: Cursor = START;
  for (;;) {
    const page = await store.read(id, position, 1000);
    const last = page.at(-1);
    if (!last || page.length < 1000) return;
    position = cursorOf(last);
  }
}

/** 103 bytes of text, as the bench's orders have. */
function chunk(seq: number): LogEvent {
  const delta = String(seq).padEnd(103, "x");
  const place = { v: 1, attempt: 1, seq, at: Date.now(), run: 1, step: 1 } as const;
  return { ...place, type: "text-delta", id: "t1", delta, sequence: seq - 1 };
}

function costs(): Costs {
  return { server: cpuOf(server.pid), client: cpuOf(process.pid) };
}

function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1000;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
