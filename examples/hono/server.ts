import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createHoldfast, createScriptedModel, createSqliteStore, defineAgent, mountAt } from "holdfast";

const assistant = defineAgent({
  name: "Assistant",
  instructions: "You plan trips.",
  // The offline demo planner; in its place any model of the AI SDK: openai("gpt-5.2"), anthropic("claude-sonnet-4-5") …
  model: createScriptedModel({ chunksPerSecond: Number(process.env["DEMO_PACE"] ?? 45) }),
});

const holdfast = createHoldfast({
  agents: [assistant],
  store: await createSqliteStore({ directory: process.env["HOLDFAST_DATA_DIR"] ?? ".holdfast" }),
});

// Takes up at once what a crash left unfinished, not with the first request.
await holdfast.start();

const app = new Hono();
const answer = mountAt("/assistant", holdfast.fetch);

app.get("/", (context) => context.text("The assistant is at /assistant/api/health."));
app.all("/assistant/*", (context) => answer(context.req.raw));

const server = serve(
  { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) },
  ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
);

async function stop(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // Steps under way get to finish; then readers are cut, come back to the next process, and lose nothing.
  await holdfast.stop();
  if ("closeAllConnections" in server) server.closeAllConnections();
  await closed;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
