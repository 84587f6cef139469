export { createSqliteStore } from "./adapters/sqlite/index.ts";
export type { SqliteStoreOptions } from "./adapters/sqlite/index.ts";
export { createAiSdkAgent } from "./adapters/ai-sdk/index.ts";
export type { AiSdkAgentOptions } from "./adapters/ai-sdk/index.ts";
export { createOpenAiBackgroundAgent } from "./adapters/openai-background/index.ts";
export type { OpenAiBackgroundOptions, ResponseSettings } from "./adapters/openai-background/index.ts";
export { createCustomAgent } from "./adapters/custom/index.ts";
export type { CustomAgentOptions, CustomRun } from "./adapters/custom/index.ts";
export { createLocalEngine } from "./adapters/local/index.ts";
export type { LocalEngineOptions } from "./adapters/local/index.ts";
export { createMemoryStore } from "./adapters/memory/index.ts";
export type { MemoryStoreOptions } from "./adapters/memory/index.ts";
export { createScriptedModel } from "./adapters/scripted/index.ts";
export type { ScriptedModelOptions } from "./adapters/scripted/index.ts";
export { AgentError, parseCursor } from "./core/index.ts";
export type { Cursor, ErrorCode, EventBody, LogEvent, Message, RunRecord } from "./core/index.ts";
export { defineAgent, defineTool } from "./define-agent.ts";
export type { AgentDefinition, AnyModel } from "./define-agent.ts";
export { createHoldfast, DEFAULT_GRACE_MS } from "./holdfast.ts";
export type { Holdfast, HoldfastOptions } from "./holdfast.ts";
export { NO_METRICS } from "./ports/index.ts";
export { createNodeListener, serveNode } from "./http/hosts/node-host.ts";
export type { NodeHost, NodeHostOptions } from "./http/hosts/node-host.ts";
export { mountAt } from "./http/mount-at.ts";
export type {
  AgentUpdate,
  AppendListener,
  AppendOptions,
  ConversationStore,
  Logger,
  Metrics,
  ModelAgent,
  ModelStep,
  ModelStepOptions,
  ProviderResponses,
  Retention,
  RunEngine,
  Tool,
  ToolContext,
  ToolDefinition,
  UpdateListener,
  UpdateStream,
} from "./ports/index.ts";
export type {
  AgentCallbacks,
  AgentLimits,
  AgentResponse,
  ResponseContext,
  ResponseUpdate,
} from "./runtime/index.ts";
