export { errorStatus, errorToJson } from "./error-json.ts";
export type { ErrorJson } from "./error-json.ts";
export {
  CONVERSATION_ID,
  EXPOSED_HEADERS,
  IDEMPOTENCY_KEY,
  LAST_EVENT_ID,
  STREAM_RESUME,
  THREAD_ID,
  WAIT_FOR_RESPONSE,
} from "./headers.ts";
export { historyPath, statusPath, streamPath } from "./paths.ts";
export { encodeSseEvent, encodeSseRetry, SSE_END, SSE_HEARTBEAT } from "./sse.ts";
export type { SseEvent } from "./sse.ts";
