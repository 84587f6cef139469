/** Header names, as both sides use them. */
export const CONVERSATION_ID = "x-conversation-id";
export const THREAD_ID = "x-ms-thread-id";
export const WAIT_FOR_RESPONSE = "x-ms-wait-for-response";
export const IDEMPOTENCY_KEY = "idempotency-key";
export const LAST_EVENT_ID = "last-event-id";
/** Where a cut stream goes on: the same projection, to be asked with `Last-Event-ID`. */
export const STREAM_RESUME = "x-stream-resume";
/** Of AI SDK UI message streams: their version, the name to go on under, the newest chunk there is. */
export const UI_MESSAGE_STREAM = "x-vercel-ai-ui-message-stream";
export const WORKFLOW_RUN_ID = "x-workflow-run-id";
export const WORKFLOW_STREAM_TAIL_INDEX = "x-workflow-stream-tail-index";
/** Of Durable Streams: where to go on, whether that is all for now, whether for good, and what caches are to be handed back. */
export const STREAM_NEXT_OFFSET = "stream-next-offset";
export const STREAM_UP_TO_DATE = "stream-up-to-date";
export const STREAM_CLOSED = "stream-closed";
export const STREAM_CURSOR = "stream-cursor";

/** Of MCP: the name of a client's session. */
export const MCP_SESSION_ID = "mcp-session-id";

/** What a page of another origin may read of our answers. */
export const EXPOSED_HEADERS: readonly string[] = [
  CONVERSATION_ID,
  THREAD_ID,
  STREAM_RESUME,
  UI_MESSAGE_STREAM,
  WORKFLOW_RUN_ID,
  WORKFLOW_STREAM_TAIL_INDEX,
  STREAM_NEXT_OFFSET,
  STREAM_UP_TO_DATE,
  STREAM_CLOSED,
  STREAM_CURSOR,
  MCP_SESSION_ID,
  "location",
  "content-location",
  "retry-after",
  "etag",
  "x-request-id",
];
