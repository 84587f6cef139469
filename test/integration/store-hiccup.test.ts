import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import type { ConversationStore } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { endOf, startRun } from "../support/api.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import { openStream, renderedText } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

/** A real store whose reading side is away when the test says so, as during a failover. */
interface HiccupingStore {
  readonly store: ConversationStore;
  /** From the moment at which an append ends a run. */
  goAwayAtTheEnd(): void;
  goAway(): void;
  comeBack(): void;
  /** How many calls were refused. */
  readonly refused: number;
}

function hiccuping(store: ConversationStore): HiccupingStore {
  let isAway = false;
  let leavesAtEnd = false;
  let refused = 0;

  function requireHere(): void {
    if (!isAway) return;
    refused += 1;
    throw new AgentError("store_unavailable", "The store is away.");
  }

  return {
    store: {
      ...store,
      async read(id, after, limit) {
        requireHere();
        return store.read(id, after, limit);
      },
      async conversation(id) {
        requireHere();
        return store.conversation(id);
      },
      async append(id, events, options) {
        // Before it is stored: followers hear of it before this resolves.
        if (options?.record && leavesAtEnd) isAway = true;
        await store.append(id, events, options);
      },
    },
    goAwayAtTheEnd() {
      leavesAtEnd = true;
    },
    goAway() {
      isAway = true;
    },
    comeBack() {
      isAway = false;
      leavesAtEnd = false;
    },
    get refused() {
      return refused;
    },
  };
}

describe.each(STORE_KINDS)("a store (%s) that is away for a moment", (kind) => {
  it("resets no reader at the end of a run", async () => {
    const puppet = createPuppet();
    const hiccup = hiccuping(await (await storePlace(kind))());
    const server = await openServer({ agents: [puppet.definition], store: hiccup.store });
    const run = await startRun(server, "Puppet");
    const stream = await openStream(server.port, run.streamPath);
    puppet.say("word");
    await eventually("the word", () => stream.events.length === 1);
    hiccup.goAwayAtTheEnd();
    puppet.end();
    await eventually("some refusals", () => hiccup.refused > 2);
    hiccup.comeBack();
    expect(await stream.ending).toBe("graceful");
    expect(renderedText(stream.events)).toBe("word");
  });

  it("resets no reader that is catching up", async () => {
    const hiccup = hiccuping(await (await storePlace(kind))());
    const server = await openServer({ agents: [scriptAgent(["one ", "two"])], store: hiccup.store });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    const { store } = hiccup;
    const conversation = await store.conversation(run.conversation as never);
    // The reading is opened with what is known by now; its first page cannot be read.
    const opening = store.conversation;
    Object.assign(store, {
      conversation: async () => {
        Object.assign(store, { conversation: opening });
        hiccup.goAway();
        return conversation;
      },
    });
    const stream = await openStream(server.port, run.streamPath);
    await eventually("some refusals", () => hiccup.refused > 2);
    hiccup.comeBack();
    expect(await stream.ending).toBe("graceful");
    expect(renderedText(stream.events)).toBe("one two");
  });
});
