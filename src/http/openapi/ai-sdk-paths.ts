import {
  CONVERSATION_ID,
  IDEMPOTENCY_KEY,
  LAST_EVENT_ID,
  STREAM_RESUME,
  UI_MESSAGE_STREAM,
  WORKFLOW_RUN_ID,
  WORKFLOW_STREAM_TAIL_INDEX,
} from "../../protocol/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { objectSchema } from "./document.ts";
import type { Header, JsonSchema, Parameter, Paths, Responses } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import { CONVERSATION, CONVERSATION_HEADERS, EXAMPLE_CONVERSATION } from "./parameters.ts";
import { CONVERSATION_ID_SCHEMA } from "./schemas.ts";

const VERSION: Parameter = {
  name: "aiSdk",
  in: "query",
  description:
    "The major version of the `ai` package that reads the answer: no version knows all chunks of the next.",
  schema: { type: "string", enum: ["5", "6", "7"], default: "7" },
  example: "7",
};

const STREAM_OR_CHAT: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: `The chat, or the name of a stream as \`${WORKFLOW_RUN_ID}\` gave it.`,
  schema: { type: "string" },
  example: EXAMPLE_CONVERSATION,
};

const STREAM_HEADERS: Readonly<Record<string, Header>> = {
  [CONVERSATION_ID]: { description: "The chat.", schema: CONVERSATION_ID_SCHEMA },
  [UI_MESSAGE_STREAM]: { description: "The version of the protocol: `v1`.", schema: { type: "string" } },
  [WORKFLOW_RUN_ID]: {
    description: "The stream's name: `/api/chat/<name>/stream` goes on with it.",
    schema: { type: "string" },
  },
  [STREAM_RESUME]: {
    description: "Where a cut stream goes on, to be asked with `Last-Event-ID`.",
    schema: { type: "string" },
  },
};

const STREAM_CONTENT = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "A UI message stream: a chunk an event, as <https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol> describes them, then `[DONE]`. The `id` is the chunk's index; the last bytes of a finished stream are `: end`.",
    },
  },
};

/** A message of the `ai` package; its parts are described there. */
const UI_MESSAGE: JsonSchema = {
  ...objectSchema(
    "A `UIMessage` of the `ai` package.",
    {
      id: { type: "string", minLength: 1, maxLength: 200 },
      role: { type: "string", enum: ["user", "assistant"] },
      metadata: { description: "Any JSON." },
      parts: {
        type: "array",
        items: {
          type: "object",
          properties: { type: { type: "string" } },
          required: ["type"],
          additionalProperties: true,
        },
      },
    },
    ["id", "metadata"],
  ),
  additionalProperties: true,
};

export const AI_SDK_PATHS: Paths = {
  "/api/chat": {
    post: {
      operationId: "sendChatMessage",
      tags: ["AI SDK"],
      summary: "Starts a run with the last message and streams it, or answers requests for approval",
      description:
        "What `DefaultChatTransport` and `WorkflowChatTransport` send. A message whose id came before in its chat starts nothing and streams the same run.",
      parameters: [
        VERSION,
        {
          name: "agent",
          in: "query",
          description: "The agent, where the body names none; absent: the chat's own, or the first.",
          schema: { type: "string" },
          example: "TravelPlanner",
        },
        {
          name: IDEMPOTENCY_KEY,
          in: "header",
          description: "Wins over the id of the message.",
          schema: { type: "string", minLength: 1, maxLength: 255 },
        },
      ],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: objectSchema(
              "The chat as its client knows it.",
              {
                id: { type: ["string", "null"], description: "The chat; absent: a new conversation." },
                messages: { type: "array", items: UI_MESSAGE, minItems: 1 },
                trigger: { type: ["string", "null"], enum: ["submit-message", "regenerate-message", null] },
                messageId: { type: ["string", "null"] },
                agent: { type: ["string", "null"], description: "Wins over the query." },
              },
              ["id", "trigger", "messageId", "agent"],
            ),
            examples: {
              chat: {
                value: {
                  id: "paris-chat",
                  messages: [
                    { id: "m1", role: "user", parts: [{ type: "text", text: "Plan a weekend in Paris" }] },
                  ],
                  trigger: "submit-message",
                },
              },
            },
          },
        },
      },
      responses: {
        "200": { description: "The stream.", headers: STREAM_HEADERS, content: STREAM_CONTENT },
        ...textErrors([
          "invalid_request",
          "invalid_id",
          "agent_not_found",
          "conversation_not_found",
          "run_not_found",
          "approval_not_found",
          "conversation_of_another_agent",
          "stream_expired",
          "body_too_large",
          "idempotency_key_reused",
          "queue_full",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
  "/api/chat/{id}": {
    get: {
      operationId: "getChat",
      tags: ["AI SDK"],
      summary: "A chat's messages, and whether there is a stream to resume",
      parameters: [
        CONVERSATION,
        VERSION,
        {
          name: "before",
          in: "query",
          description: "The `before` of another page: what comes before it.",
          schema: { type: "integer", minimum: 1 },
          example: 2,
        },
        {
          name: "limit",
          in: "query",
          description: "How many runs a page has, the newest; more than 200 counts as 200.",
          schema: { type: "integer", minimum: 1, default: 50 },
          example: 20,
        },
      ],
      responses: {
        "200": {
          description: "The chat.",
          headers: CONVERSATION_HEADERS,
          content: {
            "application/json": {
              schema: objectSchema("A chat.", {
                id: CONVERSATION_ID_SCHEMA,
                agent: { type: "string" },
                active: {
                  type: "boolean",
                  description:
                    "A run has not ended; its answer is not among the messages, but in the stream.",
                },
                messages: { type: "array", items: UI_MESSAGE },
                before: {
                  type: ["integer", "null"],
                  description: "Pass it as `before` for what came before.",
                },
              }),
            },
          },
        },
        ...textErrors(["invalid_request", "invalid_id", "conversation_not_found", ...STORE_ERRORS]),
      },
    },
  },
  "/api/chat/{id}/stream": {
    get: {
      operationId: "resumeChat",
      tags: ["AI SDK"],
      summary: "Resumes the newest run of a chat, from its first chunk; or a stream by its name",
      parameters: [
        STREAM_OR_CHAT,
        VERSION,
        {
          name: "replay",
          in: "query",
          description: "`true`: also a run that has ended, while its stream is kept.",
          schema: { type: "string", enum: ["true", "false", "1", "0"], default: "false" },
          example: "true",
        },
        {
          name: "startIndex",
          in: "query",
          description: `How many chunks the client has; negative: how many of the newest it wants, counted back from \`${WORKFLOW_STREAM_TAIL_INDEX}\`.`,
          schema: { type: "integer" },
        },
        {
          name: LAST_EVENT_ID,
          in: "header",
          description: "The `id` of the last event seen; wins over `startIndex`.",
          schema: { type: "string" },
        },
      ],
      responses: {
        "200": { description: "The stream.", headers: STREAM_HEADERS, content: STREAM_CONTENT },
        "204": { description: "Nothing is active in the chat." },
        ...textErrors([
          "invalid_request",
          "invalid_id",
          "invalid_cursor",
          "conversation_not_found",
          "run_not_found",
          "conversation_of_another_agent",
          "stream_expired",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
  "/api/chat/{id}/stop": {
    post: {
      operationId: "stopChat",
      tags: ["AI SDK"],
      summary: "Cancels what is under way in a chat",
      description: "Closing the stream alone stops nothing: that is what makes it durable.",
      parameters: [STREAM_OR_CHAT],
      responses: {
        "202": {
          description: "It is cancelled, or was over.",
          headers: CONVERSATION_HEADERS,
          content: {
            "application/json": {
              schema: objectSchema("Where the chat stands.", {
                id: CONVERSATION_ID_SCHEMA,
                status: {
                  type: "string",
                  enum: ["Pending", "Running", "Suspended", "Completed", "Failed", "Canceled"],
                },
              }),
            },
          },
        },
        ...textErrors([
          "invalid_id",
          "conversation_not_found",
          "conversation_of_another_agent",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
};

/** Refusals as chat transports show them: the body is the message. */
function textErrors(codes: readonly ErrorCode[]): Responses {
  const content = { "text/plain": { schema: { type: "string" } } };
  return Object.fromEntries(
    Object.entries(errorResponses(codes)).map(([status, response]) => [status, { ...response, content }]),
  );
}
