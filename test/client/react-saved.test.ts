import { expect, it } from "vitest";
import { beginRun } from "../../src/client/react/run-view.ts";
import { createConversationKeeper, MAX_CHARACTERS_KEPT } from "../../src/client/react/saved-conversation.ts";
import type { SavedConversation } from "../../src/client/react/saved-conversation.ts";
import { parseCursor } from "../../src/core/index.ts";
import { memoryStorage } from "./react-scene.ts";

function saved(input: string): SavedConversation {
  return {
    conversationId: "c",
    transcript: { cursor: parseCursor("1-2"), runs: [beginRun(1, input)] },
    outbox: [{ key: "k", text: "Next.", options: {}, at: 1, after: 1, delivery: { state: "sending" } }],
  };
}

function keep(conversation: SavedConversation) {
  const storage = memoryStorage();
  const keeper = createConversationKeeper(() => storage, "key");
  keeper.saveNow(conversation);
  return { storage, keeper, loaded: keeper.load() };
}

it("a conversation is kept whole, with what is still to be sent", () => {
  expect(keep(saved("Go.")).loaded).toEqual(saved("Go."));
});

it("of one that is too long only its id is kept, and what is still to be sent", () => {
  const long = saved("x".repeat(MAX_CHARACTERS_KEPT));
  expect(keep(long).loaded).toEqual({ ...long, transcript: { runs: [] } });
});

it("where there is nothing to keep nothing is kept", () => {
  const { storage, keeper } = keep(saved("Go."));
  keeper.saveNow({ conversationId: undefined, transcript: { runs: [] }, outbox: [] });
  expect(storage.kept.size).toBe(0);
});
