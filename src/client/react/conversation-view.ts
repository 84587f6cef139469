import type { JsonObject, ResponseFormat } from "../../core/index.ts";
import type { StartedRun } from "../answers.ts";
import type { ConversationOptions, HoldfastClient } from "../client.ts";
import { IDLE } from "../connection-state.ts";
import type { FollowLimits } from "../follow-options.ts";
import type { WatchPage } from "../page-events.ts";
import { randomKey } from "../random-key.ts";
import type { RenderingStorage } from "../saved-rendering.ts";
import type { Problem } from "./conversation-message.ts";
import { openConversationSession } from "./conversation-session.ts";
import type { ConversationSession } from "./conversation-session.ts";
import type { ConversationSnapshot } from "./conversation-snapshot.ts";
import { createDeliveryDesk } from "./delivery-desk.ts";
import { frameSchedule } from "./frame-schedule.ts";
import type { OutboxMessage } from "./outbox.ts";
import { createConversationKeeper, storageNamed } from "./saved-conversation.ts";
import { latestRun } from "./transcript.ts";
import { nothingKnown, problemOf } from "./view-state.ts";
import { createViewStore } from "./view-store.ts";

export interface ConversationViewOptions {
  readonly client: HoldfastClient;
  /** The agent that answers. */
  readonly agent: string;
  /** The conversation to show. Absent: the one kept in `storage`, or else none until the first `send` begins one. */
  readonly conversationId?: string | undefined;
  /**
   * Where the conversation is kept over a reload, with its messages, its cursor and what is still being sent.
   * Absent: nowhere. `"session"`: `sessionStorage`, one a tab; `"local"`: `localStorage`.
   */
  readonly storage?: "session" | "local" | RenderingStorage | undefined;
  /** Tells views of one agent apart that share a storage. Default: the conversation's id where it is given, else "current". */
  readonly storageKey?: string | undefined;
  readonly limits?: Partial<FollowLimits> | undefined;
  /** Tells of the network and of the page being looked at again. Default: the browser's events. */
  readonly watchPage?: WatchPage | undefined;
  /** When listeners are told of what streams in. Default: with the next animation frame, however much comes before it. */
  readonly schedule?: Schedule | undefined;
}

/** Does something soon, once; the function it gives takes that back. */
export type Schedule = (act: () => void) => () => void;

/** What a message may ask of its run. */
export interface SendOptions {
  /** Names the message: sent again under the same key it is the same run. Default: a key of its own. */
  readonly idempotencyKey?: string | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly enableToolCalls?: boolean | undefined;
  readonly metadata?: JsonObject | undefined;
}

export interface ApprovalDecision {
  readonly approved: boolean;
  readonly reason?: string | undefined;
}

/**
 * What can be done. No promise of an action rejects: what is refused shows as `problem`, and resolves to undefined or
 * false. They may be taken out of their object, and are the same functions for as long as the view lives.
 */
export interface ConversationActions {
  /**
   * Sends a message; the conversation begins with the first. It shows in `messages` at once. However often it has to be
   * repeated, also after a reload where `storage` is given, it is one run. While an answer is under way it waits its turn.
   * Nothing is sent while nobody is subscribed: it waits for that, and when the last one leaves meanwhile it resolves to
   * undefined, and is sent on when one comes back.
   */
  readonly send: (message: string, options?: SendOptions) => Promise<StartedRun | undefined>;
  /** Sends a message again that was `not-sent`, by its id, under the same key. */
  readonly retry: (messageId: string) => Promise<StartedRun | undefined>;
  /** Cancels the answer under way and what waits behind it. Resolves when that is stored; the effect shows by itself. */
  readonly stop: (reason?: string) => Promise<boolean>;
  /** Answers an approval. The first answer counts. */
  readonly approve: (approvalId: string, decision: ApprovalDecision) => Promise<boolean>;
  /** Cuts the connection and stays away; the answer goes on without being watched. */
  readonly disconnect: () => void;
  /** Connects again: after `disconnect`, after a failure, or at once instead of waiting for the next try. */
  readonly reconnect: () => void;
  /** Lets go of the conversation, also in `storage`: the next `send` begins another. The server keeps it. */
  readonly startOver: () => void;
}

/**
 * A conversation to be shown, of any number of runs whoever starts them, kept right over broken connections. Free of any
 * framework: `subscribe` and `getSnapshot` are what React, Svelte, Vue or a plain page listens by.
 *
 * It works while somebody is subscribed and leaves nothing behind after: no socket, no timer, no listener. Made on a server
 * it does nothing.
 */
export interface ConversationView extends ConversationActions {
  /** Calls back after changes, at most once a frame for what streams in. Gives the function that ends it. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => ConversationSnapshot;
  /** What is shown before anything is known: the same on a server and in the first rendering of a page. */
  readonly getServerSnapshot: () => ConversationSnapshot;
}

/**
 * Makes a view.
 * @example
 * const view = createConversationView({ client, agent: "TravelPlanner", storage: "session" });
 * const leave = view.subscribe(() => show(view.getSnapshot()));
 * await view.send("Plan a day in Rome");
 */
export function createConversationView(options: ConversationViewOptions): ConversationView {
  const { client, agent, conversationId, schedule = frameSchedule } = options;
  const keeper = createConversationKeeper(() => storageOf(options), keyOf(options));
  const store = createViewStore(nothingKnown(conversationId), {
    schedule,
    onChange: () => keeper.saveSoon(() => store.state),
  });
  const serverSnapshot = store.snapshot;
  const desk = createDeliveryDesk<StartedRun>();
  let restored = false;
  let session: ConversationSession | undefined;

  /** Not before somebody listens or acts: on a server there is nothing to look into. */
  function restore(): void {
    if (restored) return;
    restored = true;
    const saved = keeper.load();
    if (!saved || (conversationId !== undefined && saved.conversationId !== conversationId)) return;
    store.change(saved);
    store.flush();
  }

  function begin(): void {
    if (session || !store.watched || !store.state.wanted) return;
    session = openConversationSession({ view: options, store, onDelivery });
    session.deliver();
    session.follow();
  }

  function end(): void {
    session?.close();
    session = undefined;
    desk.close();
    store.change({ connection: IDLE });
    showNow();
  }

  /** What a person did is seen, and kept, at once. */
  function showNow(): void {
    store.flush();
    keeper.saveNow(store.state);
  }

  function queue(message: OutboxMessage): Promise<StartedRun | undefined> {
    const { outbox } = store.state;
    const others = outbox.filter(({ key }) => key !== message.key);
    store.change({ outbox: [...others, message], refused: undefined });
    showNow();
    const delivered = desk.wait(message.key);
    session?.deliver();
    return delivered;
  }

  /** Whoever waited for it finds it in the snapshot. */
  function onDelivery(key: string, started: StartedRun | undefined): void {
    showNow();
    desk.answer(key, started);
  }

  /** Makes a request of a conversation that there is. */
  async function act(request: (target: ConversationOptions) => Promise<unknown>): Promise<boolean> {
    restore();
    const { conversationId: target } = store.state;
    store.change({ refused: target !== undefined && !session ? DISCONNECTED : undefined });
    showNow();
    if (target === undefined || !session) return false;
    const { signal } = session;
    try {
      await request({ agent, conversationId: target, signal });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      store.change({ refused: problemOf(error) });
      store.flush();
      return false;
    }
  }

  return {
    getSnapshot: () => store.snapshot,
    getServerSnapshot: () => serverSnapshot,
    subscribe(listener) {
      const leave = store.listen(listener);
      restore();
      // Later: whoever leaves and comes back at once, as React does to find mistakes, starts nothing twice.
      queueMicrotask(begin);
      return () => {
        leave();
        queueMicrotask(() => {
          if (!store.watched && session) end();
        });
      };
    },
    send(text, { idempotencyKey: key = randomKey(), ...asked } = {}) {
      restore();
      if (desk.knows(key)) return desk.wait(key);
      const after = latestRun(store.state.transcript);
      return queue({ key, text, options: asked, at: Date.now(), after, delivery: { state: "sending" } });
    },
    async retry(messageId) {
      const message = store.state.outbox.find(({ key }) => key === messageId);
      if (message?.delivery.state !== "not-sent") return undefined;
      return queue({ ...message, delivery: { state: "sending" } });
    },
    async stop(reason) {
      await desk.allAnswered();
      return act((target) => client.cancel({ ...target, ...(reason !== undefined && { reason }) }));
    },
    approve: (approvalId, { approved, reason }) =>
      act((target) =>
        client.approve({ ...target, approvalId, approved, ...(reason !== undefined && { reason }) }),
      ),
    disconnect() {
      restore();
      store.change({ wanted: false });
      end();
    },
    reconnect() {
      store.change({ wanted: true, gaveUp: undefined, refused: undefined });
      store.flush();
      if (session) session.follow();
      else begin();
    },
    startOver() {
      restore();
      end();
      const { wanted, connections } = store.state;
      store.change({ ...nothingKnown(undefined), wanted, connections });
      showNow();
      begin();
    },
  };
}

const DISCONNECTED: Problem = { code: "unreachable", message: "There is no connection: reconnect first." };

function storageOf({ storage }: ConversationViewOptions): RenderingStorage | undefined {
  return typeof storage === "string" ? storageNamed(storage) : storage;
}

function keyOf({ agent, conversationId, storageKey }: ConversationViewOptions): string {
  return `holdfast:conversation:${agent}:${storageKey ?? conversationId ?? "current"}`;
}
