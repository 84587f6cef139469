import { AGENT_PROTOCOL_PATHS, AGENT_PROTOCOL_SCHEMAS } from "./openapi/agent-protocol-paths.ts";
import { AI_SDK_PATHS } from "./openapi/ai-sdk-paths.ts";
import { CONVERSATION_PATHS } from "./openapi/conversation-paths.ts";
import type { OpenApiDocument } from "./openapi/document.ts";
import { DURABLE_STREAMS_PATHS, DURABLE_STREAMS_SCHEMAS } from "./openapi/durable-streams-paths.ts";
import { OPENAI_PATHS, OPENAI_SCHEMAS } from "./openapi/openai-paths.ts";
import { RUN_PATHS } from "./openapi/run-paths.ts";
import { SCHEMAS } from "./openapi/schemas.ts";
import { SERVICE_PATHS } from "./openapi/service-paths.ts";
import { STREAM_PATHS } from "./openapi/stream-paths.ts";

/**
 * The native API as a contract. Its test replays every example of a request and holds every answer against the schemas;
 * a route that is not in here, or the other way round, fails it.
 */
export const OPENAPI: OpenApiDocument = {
  openapi: "3.1.1",
  info: {
    title: "Holdfast",
    version: "0.1.0",
    summary: "Durable AI agents whose streams never let go.",
    description:
      "Every path also answers OPTIONS, and HEAD where it answers GET. Any path but these is answered with 404 `route_not_found`, any other method with 405 `method_not_allowed`.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/", description: "This server." }],
  tags: [
    { name: "Runs", description: "Starting runs, and what one may ask of them." },
    { name: "Streams", description: "Answers as they come, from any cursor." },
    { name: "Conversations", description: "What is kept." },
    { name: "AI SDK", description: "What the chat transports of the `ai` package ask." },
    { name: "OpenAI", description: "The Responses API: agents as models." },
    {
      name: "Durable Streams",
      description: "The log of a conversation, or of a run, for readers of that protocol.",
    },
    { name: "A2A", description: "Agent2Agent 1.0: runs as tasks." },
    { name: "MCP", description: "The Model Context Protocol: agents as tools." },
    { name: "AG-UI", description: "What `HttpAgent` of `@ag-ui/client` asks." },
    { name: "Service", description: "For those who run it." },
  ],
  paths: {
    ...RUN_PATHS,
    ...STREAM_PATHS,
    ...CONVERSATION_PATHS,
    ...SERVICE_PATHS,
    ...AI_SDK_PATHS,
    ...OPENAI_PATHS,
    ...AGENT_PROTOCOL_PATHS,
    ...DURABLE_STREAMS_PATHS,
  },
  components: {
    schemas: { ...SCHEMAS, ...OPENAI_SCHEMAS, ...AGENT_PROTOCOL_SCHEMAS, ...DURABLE_STREAMS_SCHEMAS },
  },
};
