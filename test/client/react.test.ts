import { page } from "../support/page.ts";
import { cleanup, render } from "@testing-library/react";
import { createElement, StrictMode, useEffect } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, describe, expect, it } from "vitest";
import { useAgent, useConversation } from "../../src/client/react/index.ts";
import type { Conversation, UseConversationOptions } from "../../src/client/react/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { memoryStorage, openScene, QUICK } from "./react-scene.ts";

afterEach(cleanup);

/** A component as an app would write it; what it was last given can be looked at. */
function createChat() {
  const renders: Conversation[] = [];
  function Chat(options: UseConversationOptions) {
    const conversation = useConversation(options);
    renders.push(conversation);
    return createElement(
      "main",
      {},
      ...conversation.messages.map(({ id, role, text }) =>
        createElement("p", { key: id }, `${role}: ${text}`),
      ),
      createElement("output", {}, conversation.status),
    );
  }
  return { Chat, renders, latest: () => renders.at(-1)! };
}

const paragraphs = () => [...page.document.querySelectorAll("p")].map(({ textContent }) => textContent);
const showsParagraphs = (...texts: string[]) =>
  eventually(`the paragraphs ${JSON.stringify(texts)}`, () => {
    return JSON.stringify(paragraphs()) === JSON.stringify(texts);
  });

describe("useConversation", () => {
  it("renders what is sent and the answer as it grows, over a cut in the middle", async () => {
    const { puppet, client, proxy } = await openScene();
    const { Chat, latest } = createChat();
    render(createElement(Chat, { client, agent: "Puppet", limits: QUICK }));
    expect(page.document.querySelector("output")?.textContent).toBe("idle");
    await latest().send("Tokyo!");
    puppet.say("Day 1: ");
    await showsParagraphs("user: Tokyo!", "agent: Day 1: ");
    proxy.resetAll();
    puppet.say("Asakusa.");
    await showsParagraphs("user: Tokyo!", "agent: Day 1: Asakusa.");
    puppet.end();
    await eventually("it is done", () => latest().status === "done");
    expect(latest().connection.reconnects).toBeGreaterThan(0);
  });

  it("in StrictMode connects once, and sends once what an effect sends twice under its key", async () => {
    const { puppet, client, requests } = await openScene();
    const { Chat, latest } = createChat();
    function Asking(options: UseConversationOptions) {
      const { send } = useConversation(options);
      useEffect(() => void send("From an effect.", { idempotencyKey: "welcome" }), [send]);
      return null;
    }
    const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
    requests.length = 0;
    const options = { client, agent: "Puppet", limits: QUICK };
    render(createElement(StrictMode, {}, createElement(Chat, { ...options, conversationId })));
    puppet.say("Hello.");
    await showsParagraphs("user: Go.", "agent: Hello.");
    puppet.end();
    await eventually("it is done", () => latest().status === "done");
    expect(requests.map((request) => request.split("/")[2])).toEqual(["conversations", "agent"]);
    requests.length = 0;
    render(createElement(StrictMode, {}, createElement(Asking, options)));
    await eventually("it is followed", () => requests.length > 1);
    expect(requests.map((request) => request.split("/")[2])).toEqual(["agents", "agent"]);
  });

  it("renders a burst in a few frames", async () => {
    const { puppet, client } = await openScene();
    const { Chat, renders, latest } = createChat();
    render(createElement(Chat, { client, agent: "Puppet", limits: QUICK }));
    await latest().send("Go.");
    const before = renders.length;
    puppet.say(...Array.from({ length: 500 }, (_, index) => `${index} `));
    puppet.end();
    await eventually("it is done", () => latest().status === "done");
    expect(latest().text).toHaveLength(1890);
    // One for each frame that it lasts, and by far not one a chunk.
    expect(renders.length - before).toBeLessThan(100);
  });

  it("unmounted leaves nothing behind, and renders nothing more", async () => {
    const { puppet, client, proxy, requests } = await openScene();
    const { Chat, renders, latest } = createChat();
    const { unmount } = render(createElement(Chat, { client, agent: "Puppet", limits: QUICK }));
    await latest().send("Go.");
    puppet.say("Hello.");
    await showsParagraphs("user: Go.", "agent: Hello.");
    unmount();
    const rendered = renders.length;
    requests.length = 0;
    puppet.say("Nobody hears this.");
    proxy.resetAll();
    await client.status({ agent: "Puppet", conversationId: latest().conversationId! });
    expect(renders.length).toBe(rendered);
    expect(requests.filter((request) => request.includes("/stream/"))).toEqual([]);
  });

  it("mounted again with the same storage goes on where it was", async () => {
    const { puppet, client } = await openScene();
    const storage = memoryStorage();
    const before = createChat();
    const options = { client, agent: "Puppet", limits: QUICK, storage };
    const { unmount } = render(createElement(before.Chat, options));
    await before.latest().send("Go.");
    puppet.say("one ");
    await showsParagraphs("user: Go.", "agent: one ");
    unmount();
    await eventually("it is kept", () => [...storage.kept.values()].some((kept) => kept.includes("one ")));
    const after = createChat();
    render(createElement(after.Chat, options));
    expect(paragraphs()).toEqual(["user: Go.", "agent: one "]);
    puppet.say("two");
    puppet.end();
    await showsParagraphs("user: Go.", "agent: one two");
  });

  it("shows another conversation for another id, and stays with its own when it is told its id", async () => {
    const { puppet, client, requests } = await openScene();
    const { Chat, latest } = createChat();
    const options = { client, agent: "Puppet", limits: QUICK };
    const { rerender } = render(createElement(Chat, options));
    const first = await latest().send("One.");
    puppet.say("First.");
    puppet.end();
    await showsParagraphs("user: One.", "agent: First.");
    const { send } = latest();
    requests.length = 0;
    rerender(createElement(Chat, { ...options, conversationId: first!.conversationId }));
    expect(latest().send).toBe(send);
    expect(requests).toEqual([]);
    rerender(createElement(Chat, options));
    expect(paragraphs()).toEqual([]);
    rerender(createElement(Chat, { ...options, conversationId: first!.conversationId }));
    await showsParagraphs("user: One.", "agent: First.");
    const other = await client.start({ agent: "Puppet", message: "Two." });
    puppet.say("Second.");
    puppet.end();
    rerender(createElement(Chat, { ...options, conversationId: other.conversationId }));
    await showsParagraphs("user: Two.", "agent: Second.");
    rerender(createElement(Chat, { ...options, conversationId: undefined }));
    expect(paragraphs()).toEqual([]);
  });

  it("gives the same object and the same actions while nothing changes", async () => {
    const { client } = await openScene();
    const { Chat, latest } = createChat();
    const { rerender } = render(createElement(Chat, { client, agent: "Puppet" }));
    const before = latest();
    rerender(createElement(Chat, { client, agent: "Puppet" }));
    expect(latest()).toBe(before);
  });

  it("is hydrated without a difference from what the server rendered, and then goes on from the storage", async () => {
    const { puppet, client } = await openScene();
    const storage = memoryStorage();
    const options = { client, agent: "Puppet", limits: QUICK, storage };
    const before = createChat();
    const { unmount } = render(createElement(before.Chat, options));
    await before.latest().send("Go.");
    puppet.say("Hello.");
    await showsParagraphs("user: Go.", "agent: Hello.");
    unmount();
    await eventually("it is kept", () => [...storage.kept.values()].some((kept) => kept.includes("Hello.")));
    const { Chat } = createChat();
    const container = document.body.appendChild(document.createElement("div"));
    container.innerHTML = renderToString(createElement(Chat, options));
    const complaints: unknown[] = [];
    render(createElement(Chat, options), {
      container,
      hydrate: true,
      onRecoverableError: (error) => void complaints.push(error),
    });
    await showsParagraphs("user: Go.", "agent: Hello.");
    expect(complaints).toEqual([]);
  });

  it("renders on a server without a window or a request, as the page first does", async () => {
    const { client, requests } = await openScene();
    const { Chat, latest } = createChat();
    const storage = memoryStorage();
    storage.getItem = () => expect.unreachable("A server has no business there.");
    const html = renderToString(
      createElement(Chat, { client, agent: "Puppet", conversationId: "c", storage }),
    );
    expect(html).toContain("<output>connecting</output>");
    expect(latest().messages).toEqual([]);
    expect(
      renderToString(createElement(Chat, { baseUrl: "", agent: "Puppet", storage: "session" })),
    ).toContain("idle");
    expect(requests).toEqual([]);
  });
});

describe("useAgent", () => {
  it("talks with an agent by its name, and is there again after a reload of the tab", async () => {
    const { puppet, client } = await openScene();
    const shown: Conversation[] = [];
    function Chat() {
      const conversation = useAgent("Puppet", { client, limits: QUICK, storage });
      shown.push(conversation);
      return createElement("p", {}, conversation.text);
    }
    const storage = memoryStorage();
    const first = render(createElement(Chat));
    await shown.at(-1)!.send("Tokyo!");
    puppet.say("Day 1: ");
    await showsParagraphs("Day 1: ");
    first.unmount();
    render(createElement(Chat));
    puppet.say("Asakusa.");
    puppet.end();
    await eventually("it is done", () => shown.at(-1)!.status === "done");
    expect(paragraphs()).toEqual(["Day 1: Asakusa."]);
    expect(shown.at(-1)!.messages).toHaveLength(2);
  });

  it("needs nothing but the name where the page's own server has the agent", () => {
    const Chat = () => createElement("p", {}, useAgent("Puppet").status);
    expect(renderToString(createElement(Chat))).toBe("<p>idle</p>");
  });
});
