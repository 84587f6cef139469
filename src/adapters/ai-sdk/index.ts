export { createAiSdkAgent } from "./ai-sdk-agent.ts";
export type { AiSdkAgentOptions } from "./ai-sdk-agent.ts";
export type { ModelSettings } from "./call-from-step.ts";
