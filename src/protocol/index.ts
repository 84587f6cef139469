export { errorStatus, errorToJson } from "./error-json.ts";
export type { ErrorJson } from "./error-json.ts";
export {
  CONVERSATION_ID,
  EXPOSED_HEADERS,
  IDEMPOTENCY_KEY,
  LAST_EVENT_ID,
  MCP_SESSION_ID,
  STREAM_CLOSED,
  STREAM_CURSOR,
  STREAM_NEXT_OFFSET,
  STREAM_RESUME,
  STREAM_UP_TO_DATE,
  THREAD_ID,
  UI_MESSAGE_STREAM,
  WAIT_FOR_RESPONSE,
  WORKFLOW_RUN_ID,
  WORKFLOW_STREAM_TAIL_INDEX,
} from "./headers.ts";
export { historyPath, statusPath, streamPath } from "./paths.ts";
export { isRunName, parseRunName, runName } from "./run-name.ts";
export type { RunPlace } from "./run-name.ts";
export { encodeSseEvent, encodeSseRetry, SSE_END, SSE_HEARTBEAT } from "./sse.ts";
export type { SseEvent } from "./sse.ts";
