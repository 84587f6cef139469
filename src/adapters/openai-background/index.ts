export { createOpenAiBackgroundAgent } from "./openai-background-agent.ts";
export type { OpenAiBackgroundOptions } from "./openai-background-agent.ts";
export type { ResponseSettings } from "./request-from-step.ts";
