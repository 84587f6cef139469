import type { ConversationId, InboxRequest } from "../../core/index.ts";
import {
  conversationNotFound,
  conversationOfAnotherAgent,
  IDEMPOTENCY_WINDOW_MS,
  idempotencyKeyReused,
  queueFull,
} from "../../ports/index.ts";
import type { Posted, PostOptions } from "../../ports/index.ts";
import { POST_SCRIPT } from "./post-script.ts";
import type { RedisContext } from "./redis-context.ts";
import { foreignStream } from "./redis-error.ts";
import type { RedisIndex } from "./redis-index.ts";
import { scriptKeys } from "./redis-keys.ts";
import { wordsOf } from "./redis-scripts.ts";

/** The inbox of each conversation. */
export interface RedisInbox {
  post(id: ConversationId, request: InboxRequest, options: PostOptions): Promise<Posted>;
}

export function createRedisInbox(context: RedisContext, index: RedisIndex): RedisInbox {
  return {
    async post(id, request, options) {
      // Before the request is there, so that a crash in between leaves nothing that no sweeper would find (L10).
      const isNew = request.kind === "run" && (await index.announce(id));
      const posted = await putIntoInbox(context, id, request, options);
      if (!isNew) await index.touch(id);
      return posted;
    },
  };
}

async function putIntoInbox(
  { scripts, keyspace, retention, now }: RedisContext,
  id: ConversationId,
  request: InboxRequest,
  { idempotencyKey = "", fingerprint = "", maxWaiting }: PostOptions,
): Promise<Posted> {
  const keys = keyspace.of(id);
  const { kind, ...rest } = request;
  const at = now();
  const args = [
    kind,
    at,
    JSON.stringify(rest),
    request.kind === "run" ? request.agent : "",
    request.kind === "run" ? request.id : "",
    idempotencyKey,
    fingerprint,
    at + IDEMPOTENCY_WINDOW_MS,
    IDEMPOTENCY_WINDOW_MS,
    maxWaiting ?? "",
    Math.min(retention.streamTtlMs, retention.historyTtlMs),
    retention.historyTtlMs,
  ].map(String);
  const [outcome, first = "", second = ""] = wordsOf(await scripts.run(POST_SCRIPT, scriptKeys(keys), args));
  switch (outcome) {
    case "posted":
    case "repeated":
      return { run: Number(first), runId: second, repeated: outcome === "repeated" };
    case "missing":
      throw conversationNotFound(id);
    case "foreign":
      throw foreignStream(keys.stream);
    case "reused":
      throw idempotencyKeyReused();
    case "agent":
      throw conversationOfAnotherAgent(first);
    case "full":
      throw queueFull(Number(first));
    case undefined:
    default:
      throw new Error(`The post script answered ${outcome}.`);
  }
}
