import { CONVERSATION_PATHS } from "./openapi/conversation-paths.ts";
import type { OpenApiDocument } from "./openapi/document.ts";
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
    { name: "Service", description: "For those who run it." },
  ],
  paths: { ...RUN_PATHS, ...STREAM_PATHS, ...CONVERSATION_PATHS, ...SERVICE_PATHS },
  components: { schemas: SCHEMAS },
};
