import { join } from "node:path";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { createHoldfast, defineAgent, serveNode } from "../../src/index.ts";
import type { ConversationStore } from "../../src/index.ts";
import { chunksOf, orderFromText } from "../order.ts";
import type { StartSubject } from "./subject.ts";

/** Holdfast as an app runs it, on a memory store: what the runtime and HTTP cost alone. */
export const startHoldfastMemory: StartSubject = () => serve(createMemoryStore());

/** Holdfast as an app runs it, on its embedded store. */
export const startHoldfastSqlite: StartSubject = async ({ directory }) =>
  serve(await createSqliteStore({ directory: join(directory, "holdfast") }));

/** Holdfast as an app runs it, on Redis. */
export const startHoldfastRedis: StartSubject = async ({ redisUrl }) =>
  serve(await createRedisStore({ connection: redisUrl }));

async function serve(store: ConversationStore): Promise<{ readonly port: number }> {
  const puppet = defineAgent({
    name: "Puppet",
    instructions: "Says what it is told to.",
    async *model({ messages }) {
      const [part] = messages.at(-1)?.content ?? [];
      yield* chunksOf(orderFromText(part?.type === "text" ? part.text : ""));
    },
  });
  const holdfast = createHoldfast({ agents: [puppet], store });
  await holdfast.start();
  const { port } = await serveNode(holdfast.fetch, { hostname: "127.0.0.1", port: 0 });
  return { port };
}
