import { createBullmqEngine } from "./bullmq-engine.ts";

/**
 * A process that drives, for tests that kill, freeze or merely end one. Tells its parent what it does; a drive holds
 * its conversation until it is aborted, but for those whose id begins with `quick`. Stops when it is told to.
 */
const { port, prefix } = JSON.parse(process.argv[2] ?? "{}") as { port: number; prefix: string };
const engine = createBullmqEngine({ connection: { port }, prefix, onError: () => undefined });

process.once("message", () => {
  process.disconnect();
  void engine.stop({ graceMs: 0 });
});

await engine.start(async ({ id, signal }) => {
  process.send?.({ kind: "begun", id });
  if (id.startsWith("quick")) return { state: "idle" };
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  process.send?.({ kind: "aborted", id });
  return { state: "idle" };
});
process.send?.({ kind: "ready" });
