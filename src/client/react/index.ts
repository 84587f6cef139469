export { createConversationView } from "./conversation-view.ts";
export type {
  ApprovalDecision,
  ConversationActions,
  ConversationView,
  ConversationViewOptions,
  Schedule,
  SendOptions,
} from "./conversation-view.ts";
export type {
  AgentMessage,
  ConversationMessage,
  DataPart,
  Delivery,
  MessagePart,
  Outcome,
  PendingApproval,
  Problem,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolCallState,
  UserMessage,
} from "./conversation-message.ts";
export type {
  ConnectionFacts,
  ConversationFacts,
  ConversationProblem,
  ConversationSnapshot,
  ConversationStatusName,
} from "./conversation-snapshot.ts";
export { useAgent } from "./use-agent.ts";
export type { UseAgentOptions } from "./use-agent.ts";
export { useConversation } from "./use-conversation.ts";
export type { Conversation, UseConversationOptions } from "./use-conversation.ts";
