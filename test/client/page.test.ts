import { afterEach, describe, expect, it, vi } from "vitest";
import { createHoldfastClient, watchBrowser } from "../../src/client/index.ts";
import type { RenderingStorage } from "../../src/client/index.ts";
import { openServer } from "../support/holdfast-server.ts";
import { scriptAgent } from "../support/test-agents.ts";

afterEach(() => vi.unstubAllGlobals());

/** As much of a page as the client knows of. */
function stubPage() {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("document", document);
  return { page, document };
}

describe("what a browser tells", () => {
  it("is passed on until nobody listens any more", () => {
    const { page, document } = stubPage();
    const told: string[] = [];
    const stop = watchBrowser((event) => void told.push(event));
    document.dispatchEvent(new Event("visibilitychange"));
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    for (const type of ["offline", "online", "pageshow"]) page.dispatchEvent(new Event(type));
    expect(told).toEqual(["wake", "offline", "online", "wake"]);
    stop();
    page.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
    expect(told).toHaveLength(4);
  });

  it("is nothing where there is no page", () => {
    expect(watchBrowser(() => expect.unreachable())()).toBeUndefined();
  });
});

async function finishedRun() {
  const server = await openServer({ agents: [scriptAgent(["Hello, ", "world."])] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId, run } = await client.start({ agent: "Script", message: "Go." });
  return { client, conversationId, run };
}

function memoryStorage(kept: Map<string, string> = new Map()) {
  const storage: RenderingStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  return { storage, kept };
}

describe("what is kept over a reload", () => {
  it("shows the text at once, and delivers no ending twice", async () => {
    const { client, conversationId, run } = await finishedRun();
    const { storage } = memoryStorage();
    await client.follow(conversationId, { run, storage }).finished();
    const reloaded = client.follow(conversationId, { run, storage });
    expect(reloaded.text).toBe("Hello, world.");
    const updates: unknown[] = [];
    for await (const update of reloaded) updates.push(update);
    expect(updates).toEqual([]);
    expect(reloaded.connection).toEqual({ kind: "ended" });
  });

  it("is forgotten when the conversation is gone", async () => {
    const { client, conversationId, run } = await finishedRun();
    const { storage, kept } = memoryStorage();
    await client.follow(conversationId, { run, storage }).finished();
    expect(kept.size).toBe(1);
    await client.delete(conversationId);
    await expect(client.follow(conversationId, { run, storage }).finished()).rejects.toMatchObject({
      code: "conversation_not_found",
    });
    expect(kept.size).toBe(0);
  });

  it.each([
    "",
    "{",
    "null",
    "7",
    '{"cursor":"x"}',
    '{"cursor":"1-2","run":1,"text":"a","step":{"from":"1-1","length":9}}',
  ])("is done without when it is broken: %s", async (broken) => {
    const { client, conversationId, run } = await finishedRun();
    const { storage } = memoryStorage();
    const followed = await client
      .follow(conversationId, { run, storage: { ...storage, getItem: () => broken } })
      .finished();
    expect(followed.text).toBe("Hello, world.");
  });

  it("is done without when the storage refuses", async () => {
    const { client, conversationId, run } = await finishedRun();
    const refuse = () => {
      throw new Error("QuotaExceededError");
    };
    const storage = { getItem: refuse, setItem: refuse, removeItem: refuse };
    expect((await client.follow(conversationId, { run, storage }).finished()).text).toBe("Hello, world.");
  });
});

it("can be read once: for another reader one follows again", async () => {
  const { client, conversationId } = await finishedRun();
  const following = client.follow(conversationId);
  await following.finished();
  await expect(following.finished()).rejects.toBeInstanceOf(TypeError);
});
