import { unreachable } from "./client-error.ts";
import { IDLE } from "./connection-state.ts";
import type { ConnectionEvent, ConnectionState } from "./connection-state.ts";
import { transition } from "./connection-table.ts";
import type { FollowLimits } from "./follow-options.ts";
import { createMailbox } from "./mailbox.ts";
import type { WatchPage } from "./page-events.ts";
import { openStreamLink } from "./stream-link.ts";
import type { Delivery, StreamLink } from "./stream-link.ts";

export interface ConnectionOptions {
  /** Asks for the stream, after the newest entry that was taken. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly limits: FollowLimits;
  readonly random: () => number;
  readonly watchPage: WatchPage;
  readonly signal?: AbortSignal | undefined;
  readonly onState?: (state: ConnectionState) => void;
}

/** Does what the connection's state says: the only place that opens, reads, waits and closes. */
export interface Connection {
  readonly state: ConnectionState;
  /** What the reads bring, over all connections, until the state is final. Each must be judged before the next is asked. */
  deliveries(): AsyncGenerator<Delivery, void, void>;
  /** How a delivery was found. */
  tell(event: ConnectionEvent): void;
  close(): void;
}

/** What happened, and to which connection: news of one that was given up says nothing of the next. */
interface Letter {
  readonly of: number | undefined;
  readonly item: ConnectionEvent | Delivery;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { limits, random, signal } = options;
  const mailbox = createMailbox<Letter>();
  let state: ConnectionState = IDLE;
  let link: StreamLink | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let unwatch: (() => void) | undefined;

  const onAbort = (): void => mailbox.post({ of: undefined, item: { type: "abort" } });

  function tell(event: ConnectionEvent): void {
    const before = state;
    state = transition(state, event, { now: Date.now(), chance: random(), limits });
    if (state.kind !== before.kind || connectionOf(state) !== connectionOf(before)) enter();
  }

  /** Leaves nothing of the state before, but the connection that is being opened when it is open. */
  function enter(): void {
    clearTimeout(timer);
    if (state.kind !== "live") dropLink();
    options.onState?.(state);
    if (state.kind === "connecting") {
      const of = connectionOf(state);
      link = openStreamLink({ open: options.open, tell: (item) => mailbox.post({ of, item }) });
      expectWithin(limits.answerMs, "The server does not answer.");
    } else if (state.kind === "live") {
      readOn();
    } else if (state.kind === "waiting-to-retry" || state.kind === "offline") {
      after(Math.max(0, state.dueAt - Date.now()), { type: "retry-due" });
    }
  }

  function readOn(): void {
    expectWithin(limits.silenceMs, "The connection is silent.");
    link?.read();
  }

  function expectWithin(milliseconds: number, otherwise: string): void {
    after(milliseconds, { type: "heartbeat-missed", error: unreachable(new Error(otherwise)) });
  }

  function after(milliseconds: number, event: ConnectionEvent): void {
    clearTimeout(timer);
    const of = connectionOf(state);
    timer = setTimeout(() => mailbox.post({ of, item: event }), milliseconds);
  }

  function dropLink(): void {
    link?.close();
    link = undefined;
  }

  async function* deliveries(): AsyncGenerator<Delivery, void, void> {
    unwatch = options.watchPage((type) => mailbox.post({ of: undefined, item: { type } }));
    const { navigator }: { readonly navigator?: Partial<Pick<Navigator, "onLine">> } = globalThis;
    if (navigator?.onLine === false) tell({ type: "offline" });
    signal?.addEventListener("abort", onAbort, { once: true });
    tell({ type: signal?.aborted ? "abort" : "start" });
    while (!isFinal(state)) {
      const { of, item: next } = await mailbox.take();
      if (of !== undefined && of !== connectionOf(state)) continue;
      if (next.type !== "delivery") {
        tell(next);
      } else if (state.kind === "live") {
        // No silence is counted while our own reader takes its time.
        clearTimeout(timer);
        const read = link;
        yield next;
        if (signal?.aborted) tell({ type: "abort" });
        if (link === read) readOn();
      }
    }
  }

  return {
    get state() {
      return state;
    },
    deliveries,
    tell,
    close() {
      if (closed) return;
      closed = true;
      tell({ type: "abort" });
      clearTimeout(timer);
      dropLink();
      unwatch?.();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

function isFinal({ kind }: ConnectionState): boolean {
  return kind === "ended" || kind === "failed" || kind === "aborted";
}

function connectionOf(state: ConnectionState): number | undefined {
  return "connection" in state ? state.connection : undefined;
}
