export { createCustomAgent } from "./custom-agent.ts";
export type { CustomAgentOptions, CustomRun } from "./custom-agent.ts";
