import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../src/testing/index.ts";
import { startRedisServer } from "../support/redis-server.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { startServe } from "../support/cli-process.ts";
import type { ServeProcess } from "../support/cli-process.ts";

// The walk-throughs of the two samples that Holdfast grew out of, step by step, on real processes.

const TOKYO = "Plan a 1-day trip to Tokyo";
const text = { "content-type": "text/plain" };

interface Accepted {
  readonly status: string;
  readonly response: string;
  readonly message: string;
  readonly conversation_id: string;
  readonly correlation_id: string;
}

async function post(server: ServeProcess, path: string, body: string, headers = {}): Promise<Response> {
  return fetch(server.url + path, { method: "POST", body, headers: { ...text, ...headers } });
}

async function startRun(server: ServeProcess, body: string, query = ""): Promise<Accepted> {
  const response = await post(server, `/api/agents/TravelPlanner/run${query}`, body);
  expect(response.status).toBe(202);
  return (await response.json()) as Accepted;
}

async function stream(server: ServeProcess, id: string, accept: string, query = ""): Promise<string> {
  const response = await fetch(`${server.url}/api/agent/stream/${id}${query}`, { headers: { accept } });
  expect(response.status).toBe(200);
  return response.text();
}

/** The events of a finished stream of server-sent events. */
function eventsIn(body: string): { id: string; event: string; data: string }[] {
  expect(body.endsWith(": end\n")).toBe(true);
  return body
    .split("\n\n")
    .slice(0, -1)
    .map((block) => {
      const lines = block.split("\n").filter((line) => !line.startsWith("retry:"));
      const field = (name: string): string =>
        lines
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join("\n");
      return { id: field("id"), event: field("event"), data: field("data") };
    });
}

async function firstBytes(response: Response, abort: AbortController): Promise<string> {
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  abort.abort();
  return new TextDecoder().decode(value);
}

const stores = ["embedded", "redis://", "host:port"] as const;

describe.each(stores)("the samples' walk-throughs on %s", (store) => {
  let redis: RedisServer | undefined;
  let server: ServeProcess;

  beforeAll(async () => {
    if (store !== "embedded") redis = await startRedisServer();
    const connection = store === "redis://" ? redis?.url : `127.0.0.1:${redis?.port}`;
    server = await startServe({
      environment: {
        HOLDFAST_DEMO_CHUNKS_PER_SECOND: "400",
        ...(connection && redis && { REDIS_CONNECTION_STRING: connection }),
      },
    });
  });

  afterAll(async () => {
    await server?.stop();
    await redis?.stop();
  });

  test("says at the start which model, store, engine and retention are in use and how to change each", () => {
    const banner = server.output();
    for (const word of [
      "scripted planner",
      "OPENAI_API_KEY",
      "REDIS_CONNECTION_STRING",
      "10 min",
      "engine",
    ]) {
      expect(banner).toContain(word);
    }
    expect(banner).toContain(store === "embedded" ? "SQLite" : `Redis at 127.0.0.1:${redis?.port}`);
  });

  test("accepts a run, streams it, resumes from a cursor and tells its status", async () => {
    const accepted = await startRun(server, TOKYO);
    expect(accepted).toMatchObject({
      status: "accepted",
      response: "Agent request accepted",
      message: TOKYO,
    });
    const id = accepted.conversation_id;

    const events = eventsIn(await stream(server, id, "text/event-stream"));
    expect(events.at(-1)).toMatchObject({ event: "done", data: "[DONE]" });
    expect(new Set(events.slice(0, -1).map(({ event }) => event))).toEqual(new Set(["message"]));
    const answer = events
      .slice(0, -1)
      .map(({ data }) => data)
      .join("");
    expect(answer).toContain("Tokyo");
    expect(answer).toMatch(/^## /m);

    const cut = Math.floor(events.length / 2);
    const rest = eventsIn(await stream(server, id, "*/*", `?cursor=${events[cut]!.id}`));
    expect(rest).toEqual(events.slice(cut + 1));

    expect(await stream(server, id, "text/plain")).toBe(`${answer}\n`);

    const status = await fetch(`${server.url}/api/agents/TravelPlanner/run/${id}`).then((r) => r.json());
    expect(status).toMatchObject({
      status: "Completed",
      conversation_id: id,
      correlation_id: accepted.correlation_id,
      response: answer,
      cursor: events.at(-1)!.id,
    });

    if (redis) await expectRedisCommands(redis, id, answer);
  });

  test("starts and streams at once; what is interrupted goes on, and is replayed from the beginning", async () => {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/api/agent/create`, {
      method: "POST",
      body: TOKYO,
      headers: { ...text, accept: "text/plain" },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toContain("no-cache");
    const name = response.headers.get("x-conversation-id")!;
    expect(name).toMatch(/^@dafx-travelplanner@[0-9a-f]{32}$/);
    const seen = await firstBytes(response, abort);
    expect(seen.length).toBeGreaterThan(0);

    // Both with the @ as it is, as in the samples' curl commands, and percent-encoded.
    const whole = await stream(server, name, "text/plain");
    expect(whole.startsWith(seen)).toBe(true);
    expect(await stream(server, encodeURIComponent(name), "text/plain")).toBe(whole);
  });

  test("a second message in the same conversation keeps the first and is answered knowing it", async () => {
    const first = await startRun(server, TOKYO);
    const id = first.conversation_id;
    const one = eventsIn(await stream(server, id, "text/event-stream"));
    const second = await startRun(server, "Make it 2 days", `?thread_id=${id}`);
    expect(second.conversation_id).toBe(id);
    const two = eventsIn(await stream(server, id, "text/event-stream", `?cursor=${one.at(-1)!.id}`));
    const answer = two
      .slice(0, -1)
      .map(({ data }) => data)
      .join("");
    expect(answer).toContain("2-Day Tokyo");
    const both = eventsIn(await stream(server, id, "text/event-stream"));
    expect(both.map((event) => event.id)).toEqual([...one.slice(0, -1), ...two].map((event) => event.id));
  });

  test("the health check names the agents", async () => {
    const health = await fetch(`${server.url}/api/health`).then((response) => response.json());
    expect(health).toMatchObject({ status: "healthy", agents: [{ name: "TravelPlanner" }] });
  });

  test("the first Ctrl-C drains and ends the process by itself", async () => {
    const response = await fetch(`${server.url}/api/health`);
    expect(response.ok).toBe(true);
    await response.text();
    server.kill("SIGINT");
    expect(await server.exited).toBe(0);
    expect(server.output()).toContain("Stopping");
  });
});

/** The samples' redis-cli commands, literally. */
async function expectRedisCommands(server: RedisServer, id: string, answer: string): Promise<void> {
  const client = new Redis(server.url);
  const call = (...words: [string, ...string[]]): Promise<unknown> => client.call(...words);
  try {
    const key = `agent-stream:${id}`;
    const entries = (await call("XRANGE", key, "-", "+")) as [string, string[] | Record<string, string>][];
    const fields = entries.map(([, list]) => (Array.isArray(list) ? pairs(list) : list));
    const chunks = fields.filter((entry) => entry["text"]);
    expect(chunks.map((entry) => entry["text"]).join("")).toBe(answer);
    expect(chunks.map((entry) => entry["sequence"])).toEqual(chunks.map((_, index) => String(index)));
    expect(Number(chunks[0]!["timestamp"])).toBeGreaterThan(1_700_000_000_000);
    expect(fields.at(-1)).toMatchObject({ text: "", done: "true" });
    expect(await call("XLEN", key)).toBe(entries.length);
    expect(await call("XREAD", "STREAMS", key, "0-0")).toBeTruthy();
    await eventually("the stream has a time to live", async () => Number(await call("TTL", key)) > 0);
    expect(Number(await call("TTL", key))).toBeLessThanOrEqual(600);
  } finally {
    client.disconnect();
  }
}

function pairs(list: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let index = 0; index < list.length; index += 2) record[list[index]!] = list[index + 1]!;
  return record;
}
