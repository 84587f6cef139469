import { join } from "node:path";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { createHoldfast, createLocalEngine, defineAgent, serveNode } from "../../src/index.ts";
import type { ConversationStore, ModelStep } from "../../src/index.ts";
import { chunksOf, orderFromText } from "../order.ts";
import { beginDirectRun } from "./direct-run.ts";
import { CREATE_PATH, STREAM_PATH } from "./subject.ts";
import type { StartSubject, Subject, SubjectOptions } from "./subject.ts";
import { writeChunks } from "./write-chunks.ts";

/** Holdfast as an app runs it, on a memory store: what the runtime and HTTP cost alone. */
export const startHoldfastMemory: StartSubject = async () => serveRuns(createMemoryStore());

/** Holdfast as an app runs it, on its embedded store. */
export const startHoldfastSqlite: StartSubject = async (options) => serveRuns(await openSqlite(options));

/** Holdfast as an app runs it, on Redis. */
export const startHoldfastRedis: StartSubject = async (options) => serveRuns(await openRedis(options));

/** The store and HTTP alone, without runs, on the embedded store. */
export const startStoreSqlite: StartSubject = async (options) => serveStore(await openSqlite(options));

/** The store and HTTP alone, without runs, on Redis. */
export const startStoreRedis: StartSubject = async (options) => serveStore(await openRedis(options));

function openSqlite({ directory }: SubjectOptions): Promise<ConversationStore> {
  return createSqliteStore({ directory: join(directory, "holdfast") });
}

function openRedis({ redisUrl }: SubjectOptions): Promise<ConversationStore> {
  return createRedisStore({ connection: redisUrl });
}

/** As many as the bench asks for at once: a run that waits for its turn would be measured as late. */
const CONCURRENCY = 20_000;

async function serveRuns(store: ConversationStore): Promise<Subject> {
  const holdfast = createHoldfast({
    agents: [PUPPET],
    store,
    engine: createLocalEngine({ concurrency: CONCURRENCY }),
  });
  await holdfast.start();
  const { port } = await serveNode(holdfast.fetch, { hostname: "127.0.0.1", port: 0 });
  return { port };
}

const PUPPET = defineAgent({
  name: "Puppet",
  instructions: "Says what it is told to.",
  // As it is: through a generator around it, every chunk would pay for what no other subject's has to go through.
  model({ messages }: ModelStep) {
    const [part] = messages.at(-1)?.content ?? [];
    return chunksOf(orderFromText(part?.type === "text" ? part.text : ""));
  },
});

async function serveStore(store: ConversationStore): Promise<Subject> {
  const holdfast = createHoldfast({ agents: [PUPPET], store, runsAgents: false });

  async function create(request: Request): Promise<Response> {
    const order = orderFromText(await request.text());
    const run = await beginDirectRun(store);
    void (async () => {
      for await (const chunk of chunksOf(order)) {
        run.say(chunk);
        await run.writer.room();
      }
      await run.end();
    })();
    const { origin } = new URL(request.url);
    return holdfast.fetch(new Request(`${origin}${STREAM_PATH}${run.id}`, { headers: request.headers }));
  }

  const { port } = await serveNode(
    (request) => (request.url.endsWith(CREATE_PATH) ? create(request) : holdfast.fetch(request)),
    { hostname: "127.0.0.1", port: 0 },
  );
  return {
    port,
    async write(order) {
      const runs = await Promise.all(
        Array.from({ length: order.conversations }, () => beginDirectRun(store)),
      );
      const perSecond = await writeChunks(
        order,
        runs.map((run) => (chunks) => {
          for (const chunk of chunks) run.say(chunk);
          return run.writer.flush();
        }),
      );
      await Promise.all(runs.map((run) => run.end()));
      return perSecond;
    },
  };
}
