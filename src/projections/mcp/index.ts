export { createMcpProjection } from "./mcp-projection.ts";
export type { McpState, ToolRequest } from "./mcp-projection.ts";
