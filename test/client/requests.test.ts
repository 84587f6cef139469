import { describe, expect, it } from "vitest";
import { ClientError, createHoldfastClient } from "../../src/client/index.ts";
import type { HoldfastClientOptions } from "../../src/client/index.ts";
import { openServer } from "../support/holdfast-server.ts";
import { scriptAgent } from "../support/test-agents.ts";

const FAST: HoldfastClientOptions["limits"] = { backOff: { firstMs: 1, limitMs: 2 } };

type Answer = (() => Response) | Error;

/** A fetch that spoils what it was told to and passes the rest on. */
function spoiling(spoils: readonly ("lost-request" | "lost-answer" | Answer)[]) {
  const keys: (string | null)[] = [];
  const spoilingFetch: typeof fetch = async (input, init) => {
    const spoil = spoils[keys.length];
    keys.push(new Headers(init?.headers).get("idempotency-key"));
    if (spoil === "lost-request") throw new TypeError("fetch failed");
    if (typeof spoil === "function") return spoil();
    if (spoil instanceof Error) throw spoil;
    const response = await fetch(input, init);
    if (spoil !== "lost-answer") return response;
    await response.text();
    throw new TypeError("fetch failed");
  };
  return { fetch: spoilingFetch, keys };
}

const busy = (headers?: Record<string, string>) => () =>
  new Response("busy", { status: 503, ...(headers && { headers }) });

describe("start", () => {
  it("starts one run, however often its request or its answer is lost", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const spoiled = spoiling(["lost-request", "lost-answer", busy(), "lost-answer"]);
    const client = createHoldfastClient({ baseUrl: server.url, fetch: spoiled.fetch, limits: FAST });
    const started = await client.start({ agent: "Script", message: "Hi.", metadata: { from: "test" } });
    expect(started).toMatchObject({ run: 1, message: "Hi." });
    expect(spoiled.keys).toHaveLength(5);
    expect(new Set(spoiled.keys).size).toBe(1);
    expect(spoiled.keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect((await client.conversations()).conversations).toHaveLength(1);
    const { runs } = await client.status({ agent: "Script", conversationId: started.conversationId });
    expect(runs).toHaveLength(1);
  });

  it("sends the key that it was given, and a key of its own for each start otherwise", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const { fetch, keys } = spoiling([]);
    const client = createHoldfastClient({ baseUrl: `${server.url}/`, fetch });
    const again = { agent: "Script", message: "Hi.", idempotencyKey: "mine" };
    const [first, second] = [await client.start(again), await client.start(again)];
    expect(second).toEqual(first);
    await client.start({ agent: "Script", message: "Hi." });
    await client.start({ agent: "Script", message: "Hi." });
    expect(keys.slice(0, 2)).toEqual(["mine", "mine"]);
    expect(new Set(keys).size).toBe(3);
  });

  it("waits as Retry-After says, and does not when that is more than its patience", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const patient = spoiling([busy({ "retry-after": "1" })]);
    const began = performance.now();
    const options = { baseUrl: server.url, limits: FAST };
    await createHoldfastClient({ ...options, fetch: patient.fetch }).start({
      agent: "Script",
      message: "Hi.",
    });
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    const hopeless = spoiling([() => new Response("", { status: 429, headers: { "retry-after": "3600" } })]);
    const client = createHoldfastClient({ ...options, fetch: hopeless.fetch });
    await expect(client.start({ agent: "Script", message: "Hi." })).rejects.toMatchObject({ status: 429 });
    expect(hopeless.keys).toHaveLength(1);
  });

  it("gives up after its tries, and at once where another try cannot help", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const lost = spoiling(Array.from({ length: 9 }, () => "lost-request" as const));
    const options = { baseUrl: server.url, limits: FAST };
    const client = createHoldfastClient({ ...options, fetch: lost.fetch });
    await expect(client.start({ agent: "Script", message: "Hi." })).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(lost.keys).toHaveLength(6);
    const { fetch, keys } = spoiling([]);
    const failure = createHoldfastClient({ ...options, fetch }).start({ agent: "Nobody", message: "Hi." });
    await expect(failure).rejects.toBeInstanceOf(ClientError);
    await expect(failure).rejects.toMatchObject({ code: "agent_not_found", status: 404 });
    expect(keys).toHaveLength(1);
  });

  it("stops waiting when it is aborted, with the signal's own reason", async () => {
    const abort = new AbortController();
    const client = createHoldfastClient({
      baseUrl: "http://127.0.0.1:9",
      limits: { backOff: { firstMs: 60_000, limitMs: 60_000 } },
      random: () => 0.99,
      fetch: async () => {
        queueMicrotask(() => abort.abort(new Error("Enough.")));
        throw new TypeError("fetch failed");
      },
    });
    await expect(client.start({ agent: "A", message: "Hi.", signal: abort.signal })).rejects.toThrow(
      "Enough.",
    );
  });
});

it("tells history, status and conversations, pages them, and deletes for good", async () => {
  const server = await openServer({ agents: [scriptAgent(["Hello."])] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId } = await client.start({ agent: "Script", message: "One." });
  await client.follow(conversationId).finished();
  await client.start({ agent: "Script", message: "Two.", conversationId, responseFormat: { type: "json" } });
  await client.follow(conversationId).finished();
  const page = await client.history(conversationId, { limit: 1 });
  expect(page).toMatchObject({
    agent: "Script",
    next: 2,
    runs: [{ run: 1, message: "One.", response: "Hello." }],
  });
  const rest = await client.history(conversationId, { from: page.next });
  expect(rest).toMatchObject({ next: undefined, runs: [{ run: 2, status: "completed" }] });
  expect(await client.status({ agent: "Script", conversationId })).toMatchObject({ status: "Completed" });
  expect((await client.conversations({ agent: "Script" })).conversations).toMatchObject([{ runs: 2 }]);
  await client.delete(conversationId);
  await client.delete(conversationId);
  await expect(client.history(conversationId)).rejects.toMatchObject({ code: "conversation_not_found" });
});
