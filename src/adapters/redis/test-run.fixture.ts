import { Redis } from "ioredis";
import { cursorOf, NO_USAGE, randomConversationId, randomId, START } from "../../core/index.ts";
import type { ConversationId, Cursor, EventBody, LogEvent, RunRecord, RunRequest } from "../../core/index.ts";
import type { AppendOptions, ConversationStore } from "../../ports/index.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { createRedisStore } from "./redis-store.ts";
import type { RedisStoreOptions } from "./redis-store.ts";

export const AGENT = "TestAgent";

/** A store under a prefix of its own, and a plain client as redis-cli would be. */
export interface Bench extends AsyncDisposable {
  readonly store: ConversationStore;
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** Another store on the same data, as another process has it. */
  beside(options?: Partial<RedisStoreOptions>): Promise<ConversationStore>;
}

export async function openBench(
  server: Pick<RedisServer, "port" | "url">,
  options: Partial<RedisStoreOptions> = {},
): Promise<Bench> {
  const keyPrefix = options.keyPrefix ?? `${randomId()}:`;
  const opened: ConversationStore[] = [];
  const beside = async (more: Partial<RedisStoreOptions> = {}): Promise<ConversationStore> => {
    const store = await createRedisStore({ connection: server.url, ...options, keyPrefix, ...more });
    opened.push(store);
    return store;
  };
  const store = await beside();
  const redis = new Redis(server.port, "127.0.0.1");
  redis.on("error", () => {}); // Tests stop and kill servers.
  return {
    store,
    redis,
    keyPrefix,
    beside,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

/** Writes the log of one attempt. */
export interface TestLog {
  readonly id: ConversationId;
  readonly attempt: number;
  /** Gives events their place without storing them. */
  place(...bodies: readonly EventBody[]): readonly LogEvent[];
  write(...bodies: readonly EventBody[]): Promise<readonly LogEvent[]>;
  append(events: readonly LogEvent[], options?: AppendOptions): Promise<void>;
  end(body?: EventBody): Promise<LogEvent>;
}

export async function postRun(
  store: ConversationStore,
  id: ConversationId = randomConversationId(),
): Promise<ConversationId> {
  await store.post(id, request("one"));
  return id;
}

export function request(id: string): RunRequest {
  return { kind: "run", id, agent: AGENT, input: `Question ${id}`, options: {} };
}

/** Takes hold of a conversation in which a run waits; posts one when no id is given. */
export async function begin(store: ConversationStore, known?: ConversationId): Promise<TestLog> {
  const id = known ?? (await postRun(store));
  const start = await store.acquire(id, { worker: "worker", run: 1 });
  if (!start) throw new Error("There is nothing to acquire.");
  const { attempt } = start;
  let seq = 0;
  const place = (...bodies: readonly EventBody[]): readonly LogEvent[] =>
    bodies.map((body) => ({ v: 1, attempt, seq: ++seq, at: 1_700_000_000_000 + seq, run: 1, ...body }));
  return {
    id,
    attempt,
    place,
    async write(...bodies) {
      const events = place(...bodies);
      await store.append(id, events);
      return events;
    },
    append: (events, options) => store.append(id, events, options),
    async end(body = { type: "run-completed", usage: NO_USAGE }) {
      const [event] = place(body);
      if (!event) throw new Error("There is no end.");
      const inbox = (await store.conversation(id))?.inbox ?? [];
      const takes = inbox.map((item) => item.itemId);
      await store.append(id, [event], { takes, record: recordUpTo(event) });
      return event;
    },
  };
}

export function text(delta: string, sequence = 0): EventBody {
  return { type: "text-delta", step: 1, id: "t", delta, sequence };
}

export function texts(count: number): EventBody[] {
  return Array.from({ length: count }, (_, index) => text(`${index} `, index));
}

export function runStart(): EventBody {
  return { type: "run-start", id: "one", agent: AGENT, input: "Question", acceptedAt: 1, options: {} };
}

/** Follows until so many entries have come. */
export async function collect(
  store: ConversationStore,
  id: ConversationId,
  count: number,
  { after = START, onEvents = () => {} }: CollectOptions = {},
): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  const signal = AbortSignal.timeout(20_000);
  for await (const batch of store.follow(id, after, { signal })) {
    events.push(...batch);
    onEvents(events.length);
    if (events.length >= count) break;
  }
  return events;
}

export interface CollectOptions {
  readonly after?: Cursor;
  readonly onEvents?: (count: number) => void;
}

function recordUpTo(event: LogEvent): RunRecord {
  return {
    run: event.run,
    id: "one",
    agent: AGENT,
    status: "completed",
    input: "Question",
    options: {},
    messages: [],
    text: "",
    usage: NO_USAGE,
    acceptedAt: 1,
    startedAt: 2,
    endedAt: 3,
    attempts: 1,
    steps: 1,
    from: START,
    to: cursorOf(event),
  };
}
