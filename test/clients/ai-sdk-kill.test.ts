import { WorkflowChatTransport } from "@ai-sdk/workflow/client";
import type { ChatTransport, UIMessage } from "ai";
import { expect, it, onTestFinished } from "vitest";
import { createDurableFetch } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { openCluster } from "../support/cluster.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import { createChatOver, createStockChat, shownText, storedTexts } from "./ai-sdk-chat.ts";
import type { ChatOptions, StockChat } from "./ai-sdk-chat.ts";

// Real processes on a real Redis: clients stay connected to one that only answers, while the one that runs the agents is
// killed in the middle of its text.

const CHUNKS = 6;
/** So many chunks are shown when the worker is killed. */
const SHOWN = 3;

it("kill -9 of the worker in mid-text: every stock client shows the stored text, or does once it resumes", async () => {
  const upstream = await openUpstream({ turns: () => [{ chunks: CHUNKS }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store: "redis", workers: 1, apiNodes: 1, upstream: upstream.url });
  onTestFinished(() => cluster.close());
  const { url } = cluster.apis[0]!;

  const addressOf = (version: number): string => `${url}/api/chat?aiSdk=${version}&replay=true`;
  const stock = (version: 5 | 6 | 7, options: Partial<ChatOptions> = {}): StockChat =>
    createStockChat(version, { api: addressOf(version), ...options });
  const workflow = new WorkflowChatTransport({ api: `${url}/api/chat` }) as ChatTransport<UIMessage>;
  const chats = {
    "ai 7": stock(7),
    "ai 7 over durableFetch": stock(7, { fetch: createDurableFetch() }),
    "ai 6": stock(6),
    "ai 5": stock(5),
    "@ai-sdk/workflow": createChatOver(workflow, { id: crypto.randomUUID() }),
  };
  const all = Object.values(chats);
  const holds = all.map(({ id }) => upstream.hold(chunkPlace(id, 1, 0, SHOWN)));
  // Where a transport names no chat, its message can.
  const sendings = all.map((chat) => chat.sendMessage({ text: "Go." }, { body: { id: chat.id } }));
  await eventually("all calls have come to the place", () => holds.every(({ arrived }) => arrived === 1));
  await eventually("half of each answer is shown", () =>
    all.every((chat) => shownText(chat.messages[1]).includes(`#1.${SHOWN - 2}`)),
  );
  await cluster.workers[0]!.kill("SIGKILL");
  for (const hold of holds) hold.release();
  await cluster.startWorker();
  await Promise.all(sendings);

  for (const [name, chat] of Object.entries(chats)) {
    expect(chat.error, name).toBeUndefined();
    expect(chat.messages, name).toHaveLength(2);
    const [stored] = await storedTexts({ url }, chat.id);
    const isOld = name === "ai 5" || name === "ai 6";
    // Versions before 7 cannot take back what they have shown of the step.
    if (isOld) expect(shownText(chat.messages[1]), name).toMatch(/^r1t0#1\..*r1t0#2\.0/s);
    else expect(shownText(chat.messages[1]), name).toBe(stored);
  }
  for (const version of [5, 6] as const) {
    const { id, messages } = chats[`ai ${version}`];
    const reloaded = stock(version, { id, messages });
    await reloaded.resumeStream();
    expect(reloaded.messages).toHaveLength(2);
    expect([shownText(reloaded.messages[1])]).toEqual(await storedTexts({ url }, id));
  }
}, 60_000);
