/** Header names, as both sides use them. */
export const CONVERSATION_ID = "x-conversation-id";
export const THREAD_ID = "x-ms-thread-id";
export const WAIT_FOR_RESPONSE = "x-ms-wait-for-response";
export const IDEMPOTENCY_KEY = "idempotency-key";
export const LAST_EVENT_ID = "last-event-id";
/** Where a cut stream goes on: the same projection, to be asked with `Last-Event-ID`. */
export const STREAM_RESUME = "x-stream-resume";

/** What a page of another origin may read of our answers. */
export const EXPOSED_HEADERS: readonly string[] = [
  CONVERSATION_ID,
  THREAD_ID,
  STREAM_RESUME,
  "location",
  "content-location",
  "retry-after",
  "etag",
  "x-request-id",
];
