import { join } from "node:path";
import { z } from "zod";
import { createBullmqEngine } from "../../src/adapters/bullmq/index.ts";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { createHoldfast, defineAgent, defineTool, serveNode } from "../../src/index.ts";
import type { HoldfastOptions, ModelStep } from "../../src/index.ts";
import { stampedChunk } from "../order.ts";
import type { StartSubject, Subject } from "./subject.ts";

/** Three steps that do nothing: a model calls a tool, the tool answers, the model says one chunk. */
const STEPPER = defineAgent({
  name: "Stepper",
  instructions: "Takes three steps.",
  tools: {
    nothing: defineTool({
      description: "Does nothing.",
      inputSchema: z.object({}),
      execute: () => "nothing",
      retry: "safe",
    }),
  },
  async *model({ messages }: ModelStep) {
    if (messages.at(-1)?.role === "tool") yield stampedChunk();
    else yield { type: "tool-call", callId: "1", name: "nothing", input: {} };
  },
});

export const startStepsSqlite: StartSubject = async ({ directory }) =>
  serve({ store: await createSqliteStore({ directory: join(directory, "holdfast") }) });

export const startStepsBullmq: StartSubject = async ({ redisUrl }) => {
  const { port } = new URL(redisUrl);
  return serve({
    store: await createRedisStore({ connection: redisUrl }),
    engine: createBullmqEngine({ connection: { host: "127.0.0.1", port: Number(port) } }),
  });
};

async function serve(backend: Pick<HoldfastOptions, "store" | "engine">): Promise<Subject> {
  const holdfast = createHoldfast({ agents: [STEPPER], ...backend });
  await holdfast.start();
  const { port } = await serveNode(holdfast.fetch, { hostname: "127.0.0.1", port: 0 });
  return { port };
}
