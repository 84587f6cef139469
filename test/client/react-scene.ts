import { onTestFinished } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import type { HoldfastClient, RenderingStorage } from "../../src/client/index.ts";
import { createConversationView } from "../../src/client/react/index.ts";
import type {
  AgentMessage,
  ConversationSnapshot,
  ConversationView,
  ConversationViewOptions,
} from "../../src/client/react/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import type { CuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer, TestServerOptions } from "../support/holdfast-server.ts";
import { createPuppet } from "../support/test-agents.ts";
import type { Puppet } from "../support/test-agents.ts";

export const QUICK: ConversationViewOptions["limits"] = {
  backOff: { firstMs: 5, limitMs: 20 },
  maxFailures: 2_000,
};

export interface Scene {
  readonly puppet: Puppet;
  readonly server: TestServer;
  readonly proxy: CuttingProxy;
  /** Asks through the proxy. */
  readonly client: HoldfastClient;
  /** What the client asked for, as `GET /path`. */
  readonly requests: string[];
}

/** A server whose agent says what the test tells it to, reached through a proxy that can be cut. */
export async function openScene(options: Partial<TestServerOptions> = {}): Promise<Scene> {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition], ...options });
  const proxy = await openCuttingProxy(server.port);
  const requests: string[] = [];
  const client = createHoldfastClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    fetch(input, init) {
      requests.push(`${init?.method ?? "GET"} ${new URL(input as string).pathname}`);
      return fetch(input, init);
    },
    limits: { backOff: { firstMs: 1, limitMs: 5 } },
  });
  return { puppet, server, proxy, client, requests };
}

export interface WatchedView {
  readonly view: ConversationView;
  /** Every snapshot that was told. */
  readonly seen: readonly ConversationSnapshot[];
  readonly leave: () => void;
}

/** A view that is listened to until the test is over. */
export function watchView(
  client: HoldfastClient,
  options: Partial<ConversationViewOptions> = {},
): WatchedView {
  const view = createConversationView({ client, agent: "Puppet", limits: QUICK, ...options });
  const seen: ConversationSnapshot[] = [];
  const leave = view.subscribe(() => void seen.push(view.getSnapshot()));
  onTestFinished(leave);
  return { view, seen, leave };
}

export async function shows(
  view: Pick<ConversationView, "getSnapshot">,
  what: string,
  condition: (snapshot: ConversationSnapshot) => boolean,
): Promise<ConversationSnapshot> {
  await eventually(what, () => condition(view.getSnapshot())).catch((cause: unknown) => {
    throw new Error(`It never showed ${what}: ${JSON.stringify(view.getSnapshot())}`, { cause });
  });
  return view.getSnapshot();
}

export function showsText(
  view: Pick<ConversationView, "getSnapshot">,
  text: string,
): Promise<ConversationSnapshot> {
  return shows(view, `the text ${text}`, (snapshot) => snapshot.text === text);
}

export function showsStatus(
  view: Pick<ConversationView, "getSnapshot">,
  status: ConversationSnapshot["status"],
): Promise<ConversationSnapshot> {
  return shows(view, `the status ${status}`, (snapshot) => snapshot.status === status);
}

/** Each message as `role: text`. */
export function said({ messages }: ConversationSnapshot): readonly string[] {
  return messages.map(({ role, text }) => `${role}: ${text}`);
}

export function latestAnswer({ messages }: ConversationSnapshot): AgentMessage {
  const message = messages.findLast(({ role }) => role === "agent");
  if (message?.role !== "agent") throw new Error("There is no answer yet.");
  return message;
}

export function memoryStorage(): RenderingStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
