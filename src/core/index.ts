export { comesNext, entriesToWrite, fenced, logGap } from "./append-check.ts";
export { attemptOf, compareCursors, cursorAt, parseCursor, seqOf, START } from "./cursor.ts";
export type { Cursor } from "./cursor.ts";
export { AgentError, ERROR_CODES } from "./error.ts";
export type { AgentErrorOptions, ErrorCode } from "./error.ts";
export { cursorOf, isRunEnd, parseEvent } from "./event.ts";
export type {
  ApprovalRequest,
  ApprovalResponse,
  EventBody,
  EventType,
  FinishReason,
  LogEvent,
  ResponseFormat,
  RunEnd,
  RunOptions,
  RunStart,
  StepEvent,
  StepKind,
  TextChunk,
  ToolError,
  ToolResult,
} from "./event.ts";
export { isSettled, isVoided } from "./conversation.ts";
export type { Conversation, EndedStatus, RunRecord, VoidedRange } from "./conversation.ts";
export { applyEvent, foldRun, lastingMessages, NOTHING_LOGGED, textOf } from "./fold.ts";
export type { CallState, OpenStep, RunState } from "./fold.ts";
export { entityForm, parseConversationReference, randomConversationId, randomId } from "./ids.ts";
export type { ConversationId, ConversationReference } from "./ids.ts";
export type {
  ApprovalAnswer,
  CancelRequest,
  InboxItem,
  InboxRequest,
  QueuedRun,
  RunRequest,
} from "./inbox.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { callsToExecute } from "./message.ts";
export type {
  AssistantMessage,
  Message,
  ProviderOptions,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolMessage,
  ToolOutput,
  ToolResultPart,
  UserMessage,
} from "./message.ts";
export { approvalIdOf, deadlineOf, nextStep, spentItems } from "./next-step.ts";
export type { Decision, RunPolicy, ToolAction } from "./next-step.ts";
export { loggedKey } from "./provider-response.ts";
export type { ProviderResponse } from "./provider-response.ts";
export { createTextNormalizer, normalizeText } from "./text-normalizer.ts";
export type { TextNormalizer } from "./text-normalizer.ts";
export { NO_USAGE } from "./usage.ts";
export type { Usage } from "./usage.ts";
