import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { expect, it, onTestFinished } from "vitest";
import { createDurableFetch, createHoldfastClient } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";
import { startServe } from "../support/serve-process.ts";

// A real server in a real process, killed in the middle of its answer and started again on the same file.

const LIMITS = { backOff: { firstMs: 20, limitMs: 100 }, maxFailures: 1_000, maxTries: 1_000 } as const;
/** So much of the answer is there when the server is killed. */
const KILLS = [40, 400, 900];

async function serve() {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-client-"));
  const server = await startServe({
    name: "the server",
    agents: "examples/travel-planner/agents.ts",
    args: [],
    environment: { HOLDFAST_DATA_DIR: directory, HOLDFAST_DEMO_CHUNKS_PER_SECOND: "150" },
  });
  onTestFinished(async () => {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });
  return server;
}

it("kill -9 in the middle of an answer: the client and a stock EventSource both show the stored text", async () => {
  const server = await serve();
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId, run } = await client.start({
    agent: "TravelPlanner",
    message: "Plan a 3-day trip to Tokyo",
  });
  const kills = [...KILLS];
  const ends: string[] = [];
  const cursors: string[] = [];
  let shown = "";
  const source = watchWithEventSource(`${server.url}/api/agent/stream/${conversationId}?run=${run}`);
  let restarting: Promise<void> = Promise.resolve();
  for await (const { event, cursor, text } of client.follow(conversationId, { run, limits: LIMITS })) {
    cursors.push(cursor);
    shown = text;
    if (event.type.startsWith("run-") && event.type !== "run-start") ends.push(event.type);
    if (text.length <= (kills[0] ?? Number.POSITIVE_INFINITY) || ends.length > 0) continue;
    kills.shift();
    restarting = restarting.then(() => server.kill()).then(() => server.restart());
    await restarting;
  }
  const { runs } = await client.history(conversationId);
  expect(shown).toBe(runs[0]!.response);
  expect(ends).toEqual(["run-completed"]);
  expect(new Set(cursors).size).toBe(cursors.length);
  expect(kills).toEqual([]);
  await eventually("the EventSource is closed", () => source.closed());
  expect(renderedText(source.events)).toBe(runs[0]!.response);
  expect(source.opened()).toBe(1);
}, 60_000);

function watchWithEventSource(url: string) {
  const events: StreamEvent[] = [];
  let opened = 0;
  const source = new EventSource(url, { fetch: createDurableFetch({ limits: LIMITS }) });
  onTestFinished(() => source.close());
  source.addEventListener("open", () => (opened += 1));
  for (const event of ["message", "step-reset", "done"]) {
    source.addEventListener(event, ({ lastEventId, data }: MessageEvent<string>) => {
      events.push({ cursor: lastEventId, event, data });
    });
  }
  return { events, opened: () => opened, closed: () => source.readyState === EventSource.CLOSED };
}
