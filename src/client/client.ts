import type { JsonObject, ResponseFormat } from "../core/index.ts";
import { historyPath, IDEMPOTENCY_KEY, statusPath } from "../protocol/index.ts";
import type { ConversationsPage, ConversationStatus, HistoryPage, StartedRun } from "./answers.ts";
import { ClientError } from "./client-error.ts";
import { followConversation } from "./follow.ts";
import type { Following, FollowOptions } from "./follow-options.ts";
import type { ClientHeaders, HttpContext } from "./http-context.ts";
import { queryOf } from "./query.ts";
import { randomKey } from "./random-key.ts";
import { readConversations, readHistory, readStarted, readStatus } from "./read-answers.ts";
import { request, REQUEST_LIMITS } from "./request.ts";
import type { ApiRequest, RequestLimits } from "./request.ts";

export interface HoldfastClientOptions {
  /** Where Holdfast is: an origin, with the path before `/api` if there is one. Empty: the page's own origin. */
  readonly baseUrl: string;
  /** Default: the platform's. Its bodies must stream. */
  readonly fetch?: typeof fetch;
  /** Sent with every request; a function is asked before each, and once more after a 401 on a stream. */
  readonly headers?: ClientHeaders;
  readonly limits?: Partial<RequestLimits>;
  /** In [0, 1), for the jitter. Default: Math.random. */
  readonly random?: () => number;
}

export interface StartOptions {
  readonly agent: string;
  readonly message: string;
  /** Absent: a new conversation. */
  readonly conversationId?: string | undefined;
  /** Names this request: repeated under the same key it is the same run. Default: a key of its own. */
  readonly idempotencyKey?: string | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly enableToolCalls?: boolean | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which conversation, and whose. */
export interface ConversationOptions {
  readonly agent: string;
  readonly conversationId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PageOptions<After> {
  /** Where the page begins: the `next` of the page before. */
  readonly from?: After | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Holdfast, from a browser, Node, Deno, Bun or React Native. Every call rejects with ClientError or the abort's reason. */
export interface HoldfastClient {
  /** Starts a run; resolves when it is stored. However often it has to be sent, it is one run. */
  start(options: StartOptions): Promise<StartedRun>;
  /** Follows a conversation to its end over any number of connections. Nothing is requested before it is read. */
  follow(conversationId: string, options?: FollowOptions): Following;
  status(options: ConversationOptions): Promise<ConversationStatus>;
  /** Cancels what runs and what waits; resolves when that is stored. Its effect shows in the stream. */
  cancel(options: ConversationOptions & { readonly reason?: string }): Promise<ConversationStatus>;
  /** Answers an approval. The first answer counts. */
  approve(
    options: ConversationOptions & {
      readonly approvalId: string;
      readonly approved: boolean;
      readonly reason?: string;
    },
  ): Promise<ConversationStatus>;
  history(conversationId: string, options?: PageOptions<number>): Promise<HistoryPage>;
  conversations(options?: PageOptions<string> & { readonly agent?: string }): Promise<ConversationsPage>;
  /** Makes sure that the conversation is gone; one that was not there is gone. */
  delete(conversationId: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * Makes a client.
 * @example
 * const client = createHoldfastClient({ baseUrl: "http://localhost:7071" });
 * const { conversationId, run } = await client.start({ agent: "TravelPlanner", message: "Plan a day in Rome" });
 * for await (const { text } of client.follow(conversationId, { run })) show(text);
 */
export function createHoldfastClient(options: HoldfastClientOptions): HoldfastClient {
  const given = options.fetch ?? globalThis.fetch;
  const context: HttpContext = {
    baseUrl: options.baseUrl,
    // A browser's fetch refuses to be called as the method of anything but its window.
    fetch: (input, init) => given(input, init),
    headers: options.headers ?? {},
    random: options.random ?? Math.random,
  };
  const limits = { ...REQUEST_LIMITS, ...options.limits };
  const call = (apiRequest: ApiRequest): Promise<unknown> => request(context, limits, apiRequest);

  return {
    async start(start) {
      const { agent, signal, idempotencyKey = randomKey() } = start;
      return readStarted(
        await call({
          method: "POST",
          path: `/api/agents/${encodeURIComponent(agent)}/run`,
          headers: { ...JSON_BODY, [IDEMPOTENCY_KEY]: idempotencyKey },
          body: bodyOf(start),
          signal,
        }),
      );
    },
    follow: (conversationId, following) => followConversation(context, conversationId, following),
    async status({ agent, conversationId, signal }) {
      return readStatus(await call({ method: "GET", path: statusPath(agent, conversationId), signal }));
    },
    async cancel({ agent, conversationId, reason, signal }) {
      const path = `${statusPath(agent, conversationId)}/cancel`;
      return readStatus(await call({ method: "POST", path, headers: JSON_BODY, body: { reason }, signal }));
    },
    async approve({ agent, conversationId, approvalId, approved, reason, signal }) {
      const path = `${statusPath(agent, conversationId)}/approvals/${encodeURIComponent(approvalId)}`;
      const body = { approved, reason };
      return readStatus(await call({ method: "POST", path, headers: JSON_BODY, body, signal }));
    },
    async history(conversationId, { from, limit, signal } = {}) {
      const path = historyPath(conversationId) + queryOf({ from, limit });
      return readHistory(await call({ method: "GET", path, signal }));
    },
    async conversations({ agent, from, limit, signal } = {}) {
      const path = `/api/conversations${queryOf({ agent, after: from, limit })}`;
      return readConversations(await call({ method: "GET", path, signal }));
    },
    async delete(conversationId, { signal } = {}) {
      try {
        await call({ method: "DELETE", path: historyPath(conversationId), signal });
      } catch (error) {
        // A repeat finds that the first did it.
        if (!(error instanceof ClientError) || error.code !== "conversation_not_found") throw error;
      }
    },
  };
}

const JSON_BODY = { "content-type": "application/json" };

function bodyOf({
  message,
  conversationId,
  responseFormat,
  enableToolCalls,
  metadata,
}: StartOptions): object {
  return {
    message,
    conversation_id: conversationId,
    response_format: responseFormat && formatOf(responseFormat),
    enable_tool_calls: enableToolCalls,
    metadata,
  };
}

function formatOf(format: ResponseFormat): object {
  if (format.type === "text") return format;
  const { name, schema } = format;
  return { type: schema === undefined ? "json_object" : "json_schema", name, schema };
}
