import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import {
  createHoldfast,
  createNodeListener,
  createScriptedModel,
  createSqliteStore,
  defineAgent,
  mountAt,
} from "holdfast";

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

const app = express();

// Before anything that reads bodies. Its API is then at /assistant/api/…
app.use("/assistant", createNodeListener(mountAt("/assistant", holdfast.fetch)));

app.use(express.json());
app.get("/", (_request, response) => {
  response.send("The assistant is at /assistant/api/health.");
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1");
await once(server, "listening");
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

async function stop(): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // Steps under way get to finish; then readers are cut, come back to the next process, and lose nothing.
  await holdfast.stop();
  server.closeAllConnections();
  await closed;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
