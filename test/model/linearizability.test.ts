import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { randomConversationId } from "../../src/core/index.ts";
import type { ConversationId } from "../../src/core/index.ts";
import type { ConversationStore } from "../../src/ports/index.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { statesAfter } from "./linear-order.ts";
import type { Observed } from "./linear-order.ts";
import { describeCall, make, simulate } from "./store-calls.ts";
import type { Call } from "./store-calls.ts";
import { createStoreClient, INTENTS } from "./store-client.ts";
import type { Intent, StoreClient } from "./store-client.ts";
import type { StoreState } from "./store-model.ts";

/** For how long random histories are tried on one store, in milliseconds. */
const TIME_MS = 8_000;
const CLIENTS = 3;
/** Calls that one client makes one after the other in a round; all clients at once. Then all wait for each other. */
const MOST_CALLS = 2;
const ROUNDS = 8;

/** For each round and client, what it sets out to do. */
type Plan = readonly Round[];

type Round = readonly (readonly (Intent | typeof DELETE)[])[];

type Handles = readonly ConversationStore[];

test("the memory store answers concurrent calls as if they came one by one", async () => {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  await tryHistories("memory", [store]);
});

test("the SQLite store answers concurrent calls as if they came one by one", async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-linear-"));
  const store = await createSqliteStore({ directory });
  onTestFinished(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await tryHistories("SQLite", [store]);
});

test("the Redis store answers the concurrent calls of two processes as if they came one by one", async () => {
  const server = await startRedisServer();
  const open = () => createRedisStore({ connection: server.url });
  const stores = await Promise.all([open(), open()]);
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    await server.stop();
  });
  await tryHistories("Redis", stores);
});

test("a store that now and then answers with what it saw before is found out", async () => {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  const seen = new Map<ConversationId, ReturnType<ConversationStore["conversation"]>>();
  const stale: ConversationStore = {
    ...store,
    conversation(id) {
      const before = seen.get(id) ?? store.conversation(id);
      seen.set(id, store.conversation(id));
      return before;
    },
  };
  await expect(tryHistories("stale", [stale])).rejects.toThrow("Property failed");
});

async function tryHistories(name: string, stores: Handles): Promise<void> {
  const seed = Date.now() % 2 ** 31;
  let [histories, calls] = [0, 0];
  await fc.assert(
    fc.asyncProperty(aPlan(), fc.boolean(), async (plan, deletes) => {
      histories += 1;
      calls += await checkHistory(stores, plan, deletes);
    }),
    { seed, numRuns: 100_000, interruptAfterTimeLimit: TIME_MS, markInterruptAsFailure: false },
  );
  console.log(`${name}: ${calls} calls in ${histories} histories, seed ${seed}`);
  expect(calls).toBeGreaterThan(1_000);
}

function aPlan(): fc.Arbitrary<Plan> {
  const intent = fc.record({
    kind: fc.constantFrom(...INTENTS, "acquire", "write", "take"),
    pick: fc.nat(99),
  });
  const client = fc.array(intent, { maxLength: MOST_CALLS, size: "max" });
  const round = fc.array(client, { minLength: CLIENTS, maxLength: CLIENTS });
  return fc.array(round, { minLength: 1, maxLength: ROUNDS, size: "max" });
}

/** Makes the calls of a plan and looks for an order that explains their answers. Gives how many calls were made. */
async function checkHistory(stores: Handles, plan: Plan, deletes: boolean): Promise<number> {
  const id = randomConversationId();
  const sent: Extract<Call, { kind: "append" }>[] = [];
  const clients = Array.from({ length: CLIENTS }, () => createStoreClient(sent));
  let states: readonly (StoreState | undefined)[] = [undefined];
  const made: Observed<Call>[] = [];
  for (const [index, round] of plan.entries()) {
    const last = deletes && index === plan.length - 1;
    const observed = await makeCalls(stores, id, clients, last ? withDelete(round) : round);
    made.push(...observed);
    states = statesAfter(observed, states, {
      apply: (state, call) => simulate(state, id, call),
      keyOf: (state) => JSON.stringify(state) ?? "none",
    });
    if (states.length === 0)
      throw new Error(`No order explains the answers of the last round:\n${told(made)}`);
  }
  return made.length;
}

/**
 * What comes again under the id of a deleted conversation is another one, with attempts of its own: nobody begins one
 * here. A history is left alone meanwhile: Redis reads it in two steps, and one that is deleted in between looks empty.
 */
function withDelete(round: Round): Round {
  return round.map((intents, client) => {
    const others = intents.filter((intent) => intent !== DELETE && !/acquire|history/.test(intent.kind));
    return client === 0 ? [...others.slice(0, 1), DELETE] : others;
  });
}

const DELETE = "delete";

async function makeCalls(
  stores: Handles,
  id: ConversationId,
  clients: readonly StoreClient[],
  round: Round,
): Promise<readonly Observed<Call>[]> {
  let clock = 0;
  const observed: Observed<Call>[] = [];
  await Promise.all(
    clients.map(async (client, index) => {
      const store = stores[index % stores.length]!;
      for (const intent of round[index] ?? []) {
        let call: Call | undefined = intent === DELETE ? { kind: DELETE } : client.callFor(intent);
        while (call) {
          const began = ++clock;
          const { answer, value } = await make(store, id, call);
          observed.push({ call, client: index, began, ended: ++clock, answer });
          call = client.heard(call, value);
        }
      }
    }),
  );
  return observed;
}

function told(made: readonly Observed<Call>[]): string {
  return made
    .map(
      ({ call, client, began, ended, answer }) =>
        `  client ${client} from ${began} to ${ended}: ${describeCall(call)} -> ${answer}`,
    )
    .join("\n");
}
