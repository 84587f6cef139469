import { IDEMPOTENCY_KEY, LAST_EVENT_ID, STREAM_RESUME } from "../../protocol/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { objectSchema, schemaRef } from "./document.ts";
import type { Content, Header, JsonSchema, Parameter, Paths, ResponseObject, Responses } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import { EXAMPLE_CONVERSATION } from "./parameters.ts";
import { CONVERSATION_ID_SCHEMA } from "./schemas.ts";

const TEXT = { type: "string" } as const;
const OPEN_OBJECT = { type: "object", additionalProperties: true } as const;

/** Bodies that OpenAI describes at <https://platform.openai.com/docs/api-reference/responses>. */
export const OPENAI_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  OpenAiError: objectSchema("An error in OpenAI's form.", {
    error: objectSchema("What was wrong.", {
      message: { type: "string", description: "For people." },
      type: TEXT,
      param: { type: ["string", "null"], description: "The part of the request that it is about." },
      code: TEXT,
    }),
  }),
  OpenAiResponse: {
    ...objectSchema(
      "A response, as [OpenAI's reference](https://platform.openai.com/docs/api-reference/responses/object) describes it.",
      {
        id: { type: "string", pattern: "^resp_", description: "`resp_<conversation>~<run>`." },
        object: { type: "string", const: "response" },
        status: {
          type: "string",
          enum: ["queued", "in_progress", "completed", "failed", "incomplete", "cancelled"],
        },
        model: { type: "string", description: "The agent." },
        conversation: objectSchema("The conversation.", { id: CONVERSATION_ID_SCHEMA }),
        output: { type: "array", items: OPEN_OBJECT },
      },
    ),
    additionalProperties: true,
  },
  OpenAiCreateResponse: {
    ...objectSchema(
      "What is asked of an agent, as [OpenAI's reference](https://platform.openai.com/docs/api-reference/responses/create) describes it. What only tunes a model has no effect; what would change the meaning is refused by its name.",
      {
        model: {
          type: ["string", "null"],
          description: "The agent; absent: the conversation's, or the first.",
        },
        input: {
          description:
            "The message, or items of which the last is a message of the user or answers a request for leave.",
          anyOf: [TEXT, { type: "array", items: OPEN_OBJECT }],
        },
        background: { type: ["boolean", "null"], description: "Do not wait for the end." },
        stream: { type: ["boolean", "null"] },
        instructions: { type: ["string", "null"], description: "Added to the agent's own, for this run." },
        metadata: { ...OPEN_OBJECT, type: ["object", "null"] },
        previous_response_id: { type: ["string", "null"], description: "The newest of its conversation." },
        conversation: {
          description: "The conversation to go on with, or to begin.",
          anyOf: [TEXT, OPEN_OBJECT, { type: "null" }],
        },
        text: { ...OPEN_OBJECT, type: ["object", "null"], description: "`format`: the form of the answer." },
        tool_choice: { description: "`auto` or `none`." },
      },
      [
        "model",
        "background",
        "stream",
        "instructions",
        "metadata",
        "previous_response_id",
        "conversation",
        "text",
        "tool_choice",
      ],
    ),
    additionalProperties: true,
  },
  OpenAiModel: objectSchema("An agent.", {
    id: { type: "string", description: "Its name." },
    object: { type: "string", const: "model" },
    created: { type: "integer" },
    owned_by: TEXT,
  }),
};

const RESPONSE_ID: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description:
    "The response: `resp_<conversation>~<run>`, and `.2` after it for what followed a person's answer.",
  schema: { type: "string", pattern: "^resp_" },
  example: `resp_${EXAMPLE_CONVERSATION}~1`,
};

const REQUEST_ID: Readonly<Record<string, Header>> = {
  "x-request-id": { description: "Names the request.", schema: TEXT },
};

const STREAM: Content = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "[Events of the Responses API](https://platform.openai.com/docs/api-reference/responses-streaming). The `id` of each is its `sequence_number`; the last bytes of a finished stream are `: end`.",
    },
  },
};

/** Of any call upon one response. */
const RESPONSE_ERRORS: readonly ErrorCode[] = [
  "invalid_id",
  "conversation_not_found",
  "run_not_found",
  ...STORE_ERRORS,
];

const RESPONSE: Content = { "application/json": { schema: schemaRef("OpenAiResponse") } };

const STREAM_OR_RESPONSE: ResponseObject = {
  description: `The response as it stands, or its stream; the stream has \`${STREAM_RESUME}\` too.`,
  headers: REQUEST_ID,
  content: { ...RESPONSE, ...STREAM },
};

export const OPENAI_PATHS: Paths = {
  "/v1/responses": {
    post: {
      operationId: "createResponse",
      tags: ["OpenAI"],
      summary: "Starts a run, or answers what one waits for, and gives its response",
      description:
        "Tries that a client repeats by itself (`x-stainless-retry-count`) start nothing and are given the same response.",
      parameters: [
        {
          name: IDEMPOTENCY_KEY,
          in: "header",
          description: "A repeat under the same key, within 24 hours, starts nothing.",
          schema: { type: "string", minLength: 1, maxLength: 255 },
        },
      ],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: schemaRef("OpenAiCreateResponse"),
            examples: {
              background: {
                value: { model: "TravelPlanner", input: "Plan a weekend in Paris", background: true },
              },
              followUp: {
                value: {
                  model: "TravelPlanner",
                  input: [{ role: "user", content: "Make it 2 days" }],
                  previous_response_id: `resp_${EXAMPLE_CONVERSATION}~1`,
                  stream: true,
                },
              },
            },
          },
        },
      },
      responses: {
        "200": STREAM_OR_RESPONSE,
        "425": {
          description:
            "`response_in_progress`: the run takes longer than a request waits. Retrieve it later.",
          content: { "application/json": { schema: schemaRef("OpenAiError") } },
        },
        ...openAiErrors([
          "invalid_request",
          "invalid_id",
          "agent_not_found",
          "conversation_not_found",
          "run_not_found",
          "approval_not_found",
          "stream_expired",
          "body_too_large",
          "idempotency_key_reused",
          "queue_full",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
  "/v1/responses/{id}": {
    get: {
      operationId: "retrieveResponse",
      tags: ["OpenAI"],
      summary: "A response as it stands, or its stream",
      parameters: [
        RESPONSE_ID,
        {
          name: "stream",
          in: "query",
          description: "`true`: its stream, from the first event.",
          schema: { type: "string", enum: ["true", "false"] },
        },
        {
          name: "starting_after",
          in: "query",
          description: "The `sequence_number` of the last event seen.",
          schema: { type: "integer", minimum: 0 },
        },
        {
          name: LAST_EVENT_ID,
          in: "header",
          description: "The `id` of the last event seen; wins over `starting_after`.",
          schema: TEXT,
        },
      ],
      responses: {
        "200": STREAM_OR_RESPONSE,
        ...openAiErrors([...RESPONSE_ERRORS, "invalid_request", "invalid_cursor", "stream_expired"]),
      },
    },
    delete: {
      operationId: "deleteResponse",
      tags: ["OpenAI"],
      summary: "Removes a response that is the only one of its conversation",
      parameters: [RESPONSE_ID],
      responses: {
        "200": {
          description: "It is gone.",
          headers: REQUEST_ID,
          content: {
            "application/json": {
              schema: objectSchema("What was removed.", {
                id: TEXT,
                object: { type: "string", const: "response.deleted" },
                deleted: { type: "boolean", const: true },
              }),
            },
          },
        },
        ...openAiErrors([...RESPONSE_ERRORS, "invalid_request"]),
      },
    },
  },
  "/v1/responses/{id}/cancel": {
    post: {
      operationId: "cancelResponse",
      tags: ["OpenAI"],
      summary: "Cancels a run, in any state, and those of its conversation before it",
      description: "What has ended stays as it is.",
      parameters: [RESPONSE_ID],
      responses: {
        "200": { description: "The response as it ended.", headers: REQUEST_ID, content: RESPONSE },
        ...openAiErrors(RESPONSE_ERRORS),
      },
    },
  },
  "/v1/responses/{id}/input_items": {
    get: {
      operationId: "listInputItems",
      tags: ["OpenAI"],
      summary: "The messages that the request brought along",
      parameters: [
        RESPONSE_ID,
        {
          name: "limit",
          in: "query",
          description: "How many a page has.",
          schema: { type: "integer", minimum: 1, maximum: 100, default: 20 },
          example: 10,
        },
        {
          name: "order",
          in: "query",
          description: "The oldest or the newest first.",
          schema: { type: "string", enum: ["asc", "desc"], default: "desc" },
          example: "asc",
        },
        { name: "after", in: "query", description: "The `last_id` of the page before.", schema: TEXT },
      ],
      responses: {
        "200": {
          description: "A page.",
          headers: REQUEST_ID,
          content: {
            "application/json": {
              schema: objectSchema("Items.", {
                object: { type: "string", const: "list" },
                data: { type: "array", items: OPEN_OBJECT },
                first_id: { type: ["string", "null"] },
                last_id: { type: ["string", "null"] },
                has_more: { type: "boolean" },
              }),
            },
          },
        },
        ...openAiErrors([...RESPONSE_ERRORS, "invalid_request"]),
      },
    },
  },
  "/v1/models": {
    get: {
      operationId: "listModels",
      tags: ["OpenAI"],
      summary: "The agents",
      responses: {
        "200": {
          description: "All of them.",
          headers: REQUEST_ID,
          content: {
            "application/json": {
              schema: objectSchema("Agents.", {
                object: { type: "string", const: "list" },
                data: { type: "array", items: schemaRef("OpenAiModel") },
              }),
            },
          },
        },
        ...openAiErrors(["internal_error"]),
      },
    },
  },
  "/v1/models/{model}": {
    get: {
      operationId: "retrieveModel",
      tags: ["OpenAI"],
      summary: "One agent",
      parameters: [
        {
          name: "model",
          in: "path",
          required: true,
          description: "The agent, without regard to case.",
          schema: TEXT,
          example: "TravelPlanner",
        },
      ],
      responses: {
        "200": {
          description: "It.",
          headers: REQUEST_ID,
          content: { "application/json": { schema: schemaRef("OpenAiModel") } },
        },
        ...openAiErrors(["agent_not_found", "internal_error"]),
      },
    },
  },
};

/** Refusals in OpenAI's form, by status. */
function openAiErrors(codes: readonly ErrorCode[]): Responses {
  const content = { "application/json": { schema: schemaRef("OpenAiError") } };
  return Object.fromEntries(
    Object.entries(errorResponses(codes)).map(([status, response]) => [status, { ...response, content }]),
  );
}
