export type {
  ConversationStatus,
  ConversationsPage,
  ConversationSummary,
  HistoryPage,
  HistoryRun,
  PendingApproval,
  RunProblem,
  RunStatus,
  StartedRun,
  StatusName,
} from "./answers.ts";
export type { BackOff } from "./back-off.ts";
export { ClientError } from "./client-error.ts";
export type { ClientErrorCode, ClientErrorOptions } from "./client-error.ts";
export { createHoldfastClient } from "./client.ts";
export type {
  ConversationOptions,
  HoldfastClient,
  HoldfastClientOptions,
  PageOptions,
  StartOptions,
} from "./client.ts";
export { CONNECTION_LIMITS, IDLE } from "./connection-state.ts";
export type {
  ConnectionEvent,
  ConnectionKind,
  ConnectionLimits,
  ConnectionState,
  Moment,
} from "./connection-state.ts";
export { transition } from "./connection-table.ts";
export { createDurableFetch } from "./durable-fetch.ts";
export type { DurableFetchOptions } from "./durable-fetch.ts";
export { DURABLE_FETCH_LIMITS } from "./durable-fetch-limits.ts";
export type { DurableFetchLimits } from "./durable-fetch-limits.ts";
export { FOLLOW_LIMITS } from "./follow.ts";
export type { Followed, Following, FollowLimits, FollowOptions, FollowUpdate } from "./follow-options.ts";
export type { ClientHeaders } from "./http-context.ts";
export { watchBrowser } from "./page-events.ts";
export type { PageEvent, WatchPage } from "./page-events.ts";
export { REQUEST_LIMITS } from "./request.ts";
export type { RequestLimits } from "./request.ts";
export type { RenderingStorage } from "./saved-rendering.ts";
