export { isOver } from "./acquire-check.ts";
export { requireWhole, snapshotProblem, voidedRanges } from "./conversation-snapshot.ts";
export type { ConversationSnapshot } from "./conversation-snapshot.ts";
export { DEFAULT_RETENTION, IDEMPOTENCY_WINDOW_MS } from "./conversation-store.ts";
export type {
  AppendListener,
  AppendOptions,
  ConversationPage,
  ConversationStore,
  ConversationSummary,
  EntryListener,
  EntryStream,
  FollowOptions,
  HistoryPage,
  Holder,
  ListFilter,
  ForeseenOpening,
  Opening,
  Posted,
  PostOptions,
  Retention,
  UnfinishedConversation,
} from "./conversation-store.ts";
export type {
  AgentUpdate,
  ModelAgent,
  ModelStep,
  ModelStepOptions,
  ProviderResponses,
  ToolDescription,
  UpdateListener,
  UpdateStream,
} from "./model-agent.ts";
export type { Drive, DriveResult, DriveTask, RunEngine, StopOptions, WakeOptions } from "./run-engine.ts";
export { DEFAULT_TOOL_TIMEOUT_MS } from "./tool.ts";
export type { Tool, ToolContext, ToolDefinition } from "./tool.ts";
export { conversationNotFound, requireReadable, streamExpired } from "./read-check.ts";
export { conversationOfAnotherAgent, idempotencyKeyReused, queueFull } from "./post-check.ts";
export { SILENT } from "./logger.ts";
export type { LogFacts, Logger } from "./logger.ts";
export { NO_METRICS } from "./metrics.ts";
export type {
  AnsweredRequest,
  EndedRun,
  EndedToolCall,
  Metrics,
  OpenStream,
  RenderedMetrics,
} from "./metrics.ts";
