import type { Cursor, LogEvent } from "../../core/index.ts";
import type { StartedRun } from "../answers.ts";
import type { ConnectionState } from "../connection-state.ts";
import { watchBrowser } from "../page-events.ts";
import { readConversation } from "./conversation-reader.ts";
import type { ToldHistory } from "./conversation-reader.ts";
import type { ConversationViewOptions } from "./conversation-view.ts";
import { nextToSend, withoutShown } from "./outbox.ts";
import type { OutboxMessage } from "./outbox.ts";
import { transcriptFromHistory } from "./transcript-from-history.ts";
import { takeEvent } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import { afterGivingUp, afterRefusal, afterStart, problemOf } from "./view-state.ts";
import type { ViewState } from "./view-state.ts";
import type { ViewStore } from "./view-store.ts";

/** What is done for a view while somebody looks at it: messages are sent, and the conversation is read on. */
export interface ConversationSession {
  readonly signal: AbortSignal;
  /** Sends what waits to be sent, one after the other. */
  deliver(): void;
  /** Reads the conversation on, unless that is being done; if it waits for its next try, that is now. */
  follow(): void;
  close(): void;
}

export interface ConversationSessionOptions {
  readonly view: ConversationViewOptions;
  readonly store: ViewStore;
  /** What became of a message: undefined when it was refused. */
  readonly onDelivery: (key: string, started: StartedRun | undefined) => void;
}

export function openConversationSession(options: ConversationSessionOptions): ConversationSession {
  const { view, store, onDelivery } = options;
  const { client, agent, limits, watchPage = watchBrowser } = view;
  const abort = new AbortController();
  const { signal } = abort;
  let delivering = false;
  let reading = false;
  let hurry: (() => void) | undefined;

  /** Nothing of a session that is over is to be seen. */
  function change(patch: Partial<ViewState>): void {
    if (!signal.aborted) store.change(patch);
  }

  async function deliver(): Promise<void> {
    if (delivering) return;
    delivering = true;
    for (;;) {
      const next = nextToSend(store.state.outbox);
      if (!next || signal.aborted) break;
      await send(next);
    }
    delivering = false;
  }

  async function send(message: OutboxMessage): Promise<void> {
    const { key, text, options: asked } = message;
    const { conversationId } = store.state;
    try {
      const request = { agent, message: text, conversationId, idempotencyKey: key, ...asked, signal };
      const started = await client.start(request);
      if (signal.aborted) return;
      change(afterStart(store.state, message, started, Date.now()));
      onDelivery(key, started);
      follow();
    } catch (error) {
      // Whether it arrived is not known: it is sent again under its key when somebody looks again.
      if (signal.aborted) return;
      change(afterRefusal(store.state, message, problemOf(error)));
      onDelivery(key, undefined);
    }
  }

  async function read(conversationId: string): Promise<void> {
    reading = true;
    try {
      await readConversation({
        client,
        conversationId,
        cursor: store.state.transcript.cursor,
        following: { limits, signal, onConnection, watchPage: watchAndHurry },
        onHistory,
        onEvent,
      });
    } catch (error) {
      change(afterGivingUp(store.state, problemOf(error), view.conversationId !== undefined));
    } finally {
      reading = false;
      hurry = undefined;
    }
  }

  function onHistory({ runs, tip }: ToldHistory): void {
    change({ tip });
    show(transcriptFromHistory(runs));
  }

  function onEvent(cursor: Cursor, event: LogEvent): void {
    show(takeEvent(store.state.transcript, cursor, event));
  }

  function show(transcript: Transcript): void {
    change({ transcript, outbox: withoutShown(store.state.outbox, transcript) });
  }

  function onConnection(connection: ConnectionState): void {
    const { connections, reached } = store.state;
    change({
      connection,
      connections: connections + (connection.kind === "connecting" ? 1 : 0),
      reached: reached || connection.kind === "live",
    });
  }

  function watchAndHurry(tell: Parameters<typeof watchPage>[0]): () => void {
    hurry = () => tell("wake");
    return watchPage(tell);
  }

  function follow(): void {
    const { conversationId } = store.state;
    if (signal.aborted || conversationId === undefined) return;
    if (reading) {
      if (store.state.connection.kind !== "live") hurry?.();
      return;
    }
    change({ gaveUp: undefined });
    void read(conversationId);
  }

  return { signal, deliver: () => void deliver(), follow, close: () => abort.abort() };
}
