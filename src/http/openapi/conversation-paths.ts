import { schemaRef } from "./document.ts";
import type { Parameter, Paths } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import { CONVERSATION } from "./parameters.ts";

const LIMIT: Parameter = {
  name: "limit",
  in: "query",
  description: "How many items a page has; more than 200 counts as 200.",
  schema: { type: "integer", minimum: 1, default: 50 },
  example: 20,
};

export const CONVERSATION_PATHS: Paths = {
  "/api/conversations": {
    get: {
      operationId: "listConversations",
      tags: ["Conversations"],
      summary: "Conversations, the latest touched first",
      parameters: [
        {
          name: "agent",
          in: "query",
          description: "Only of this agent.",
          schema: { type: "string" },
          example: "TravelPlanner",
        },
        LIMIT,
        {
          name: "after",
          in: "query",
          description: "The `next` of the page before.",
          schema: { type: "string" },
        },
      ],
      responses: {
        "200": {
          description: "A page.",
          content: { "application/json": { schema: schemaRef("ConversationPage") } },
        },
        ...errorResponses(["invalid_request", "agent_not_found", ...STORE_ERRORS]),
      },
    },
  },
  "/api/conversations/{id}": {
    get: {
      operationId: "getConversation",
      tags: ["Conversations"],
      summary: "A conversation with its history",
      description: "The history outlives the stream.",
      parameters: [
        CONVERSATION,
        {
          name: "from",
          in: "query",
          description: "The ordinal of the first run to be shown.",
          schema: { type: "integer", minimum: 1, default: 1 },
          example: 1,
        },
        LIMIT,
      ],
      responses: {
        "200": {
          description: "The conversation, with a page of its runs.",
          content: { "application/json": { schema: schemaRef("ConversationHistory") } },
        },
        ...errorResponses(["invalid_request", "invalid_id", "conversation_not_found", ...STORE_ERRORS]),
      },
    },
    delete: {
      operationId: "deleteConversation",
      tags: ["Conversations"],
      summary: "Deletes a conversation with all that belongs to it",
      description: "Its readers are cut; a run under way ends without a trace.",
      parameters: [CONVERSATION],
      responses: {
        "204": { description: "It is gone." },
        ...errorResponses(["invalid_request", "invalid_id", "conversation_not_found", ...STORE_ERRORS]),
      },
    },
  },
};
