import { createHoldfast, createScriptedModel, createSqliteStore, defineAgent } from "holdfast";
import type { Holdfast } from "holdfast";

const assistant = defineAgent({
  name: "Assistant",
  instructions: "You plan trips.",
  // The offline demo planner; in its place any model of the AI SDK: openai("gpt-5.2"), anthropic("claude-sonnet-4-5") …
  model: createScriptedModel({ chunksPerSecond: Number(process.env["DEMO_PACE"] ?? 45) }),
});

declare global {
  /** One for the process: Next.js loads this file again for each route and, in development, after each edit. */
  var myHoldfast: Promise<Holdfast> | undefined;
}

export function getHoldfast(): Promise<Holdfast> {
  return (globalThis.myHoldfast ??= open().catch((error: unknown) => {
    globalThis.myHoldfast = undefined; // The next request tries again.
    throw error;
  }));
}

async function open(): Promise<Holdfast> {
  const store = await createSqliteStore({ directory: process.env["HOLDFAST_DATA_DIR"] ?? ".holdfast" });
  const holdfast = createHoldfast({ agents: [assistant], store });
  // Steps under way get to finish; readers are cut, come back to the next process, and lose nothing.
  const stop = (): void => void holdfast.stop().finally(() => process.exit());
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  return holdfast;
}
