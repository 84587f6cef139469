import { parseCursor } from "../core/index.ts";
import type { Cursor } from "../core/index.ts";
import { LAST_EVENT_ID, streamPath } from "../protocol/index.ts";
import { CONNECTION_LIMITS } from "./connection-state.ts";
import type { ConnectionState } from "./connection-state.ts";
import { createConnection } from "./connection.ts";
import { entryFromMessage } from "./entry.ts";
import type { FollowLimits, FollowOptions, FollowUpdate, Followed, Following } from "./follow-options.ts";
import { addressOf, headersOf } from "./http-context.ts";
import type { HttpContext } from "./http-context.ts";
import { watchBrowser } from "./page-events.ts";
import { queryOf } from "./query.ts";
import { renderingAfter, takeEntry } from "./rendering.ts";
import { savedRendering } from "./saved-rendering.ts";
import type { Delivery } from "./stream-link.ts";

export const FOLLOW_LIMITS: FollowLimits = { ...CONNECTION_LIMITS, answerMs: 20_000, silenceMs: 40_000 };

/** Follows a conversation, or one run of it, over any number of connections. */
export function followConversation(
  context: HttpContext,
  conversationId: string,
  options: FollowOptions = {},
): Following {
  const path = followPath(conversationId, options);
  const saved = savedRendering(options.storage, `holdfast:${addressOf(context, path)}`);
  let rendering = options.cursor === undefined ? saved.load() : renderingAfter(parseCursor(options.cursor));
  let taken = false;
  const connection = createConnection({
    open: (signal) => openStream(context, path, rendering.cursor, signal),
    limits: { ...FOLLOW_LIMITS, ...options.limits },
    random: context.random,
    watchPage: options.watchPage ?? watchBrowser,
    signal: options.signal,
    ...(options.onConnection && { onState: options.onConnection }),
  });

  /** The updates of one read; afterwards the connection has been told what came of it. */
  function* take({ messages, ended }: Delivery): Generator<FollowUpdate> {
    let progress = false;
    for (const message of messages) {
      const entry = entryFromMessage(message);
      const outcome = entry ? takeEntry(rendering, entry) : ({ kind: "hole" } as const);
      if (outcome.kind === "duplicate") continue;
      if (outcome.kind === "hole") {
        if (progress) connection.tell({ type: "data" });
        connection.tell({ type: "hole" });
        return;
      }
      progress = true;
      ({ rendering } = outcome);
      saved.save(rendering, Date.now());
      const { run, text, cursor } = rendering;
      if (!entry?.event || cursor === undefined) continue;
      const update: FollowUpdate = { event: entry.event, cursor, run, text };
      options.onUpdate?.(update);
      yield update;
      if (options.signal?.aborted) return;
    }
    connection.tell({ type: progress ? "data" : "sign-of-life" });
    if (ended) connection.tell({ type: "end-marker" });
  }

  async function* updates(): AsyncGenerator<FollowUpdate, void, void> {
    if (taken) throw new TypeError("A following can be read once; follow again for another reader.");
    taken = true;
    try {
      for await (const delivery of connection.deliveries()) yield* take(delivery);
      const { state } = connection;
      if (state.kind !== "failed") return;
      if (GONE.has(state.error.status ?? 0)) saved.forget();
      throw state.error;
    } finally {
      saved.flush();
      connection.close();
    }
  }

  return {
    [Symbol.asyncIterator]: updates,
    get text() {
      return rendering.text;
    },
    get run() {
      return rendering.run;
    },
    get cursor() {
      return rendering.cursor;
    },
    get connection(): ConnectionState {
      return connection.state;
    },
    async finished(): Promise<Followed> {
      const all = updates();
      // The callbacks have each already.
      while ((await all.next()).done !== true);
      const { run, text, cursor } = rendering;
      return { kind: connection.state.kind === "ended" ? "ended" : "aborted", run, text, cursor };
    },
  };
}

/** Answers after which what was kept is of no use: the conversation or its entries are no more. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

function followPath(conversationId: string, { run, across }: FollowOptions): string {
  const follow = across === true ? "true" : undefined;
  return streamPath(conversationId) + queryOf({ events: "all", run, follow });
}

async function openStream(
  context: HttpContext,
  path: string,
  cursor: Cursor | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers = {
    accept: "text/event-stream",
    ...(await headersOf(context)),
    ...(cursor !== undefined && { [LAST_EVENT_ID]: cursor }),
  };
  return context.fetch(addressOf(context, path), { headers, signal });
}
