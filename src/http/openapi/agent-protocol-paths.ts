import { CONVERSATION_ID, IDEMPOTENCY_KEY, LAST_EVENT_ID, STREAM_RESUME } from "../../protocol/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { idPrefixOf } from "../mcp/stream-id.ts";
import { objectSchema, schemaRef } from "./document.ts";
import type { Content, Header, JsonSchema, Parameter, Paths, ResponseObject } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import { EXAMPLE_CONVERSATION } from "./parameters.ts";
import { CONVERSATION_ID_SCHEMA } from "./schemas.ts";

const TEXT = { type: "string" } as const;
const OPEN_OBJECT = { type: "object", additionalProperties: true } as const;
const AGENT_NAME = "TravelPlanner";

/** Bodies that the protocols describe themselves. */
export const AGENT_PROTOCOL_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  RpcRequest: objectSchema(
    "A request of JSON-RPC 2.0; without an id, a notification.",
    {
      jsonrpc: { type: "string", const: "2.0" },
      id: { type: ["string", "number", "null"] },
      method: TEXT,
      params: OPEN_OBJECT,
    },
    ["id", "params"],
  ),
  RpcAnswer: objectSchema(
    "An answer of JSON-RPC 2.0: a result, or an error.",
    {
      jsonrpc: { type: "string", const: "2.0" },
      id: { type: ["string", "number", "null"] },
      result: OPEN_OBJECT,
      error: {
        ...objectSchema("What was wrong, in the numbers of the protocol.", {
          code: { type: "integer" },
          message: TEXT,
        }),
        additionalProperties: true,
      },
    },
    ["result", "error"],
  ),
};

const AGENT: Parameter = {
  name: "agent",
  in: "path",
  required: true,
  description: "The agent's name.",
  schema: TEXT,
  example: AGENT_NAME,
};

const RPC_ANSWER: Content = { "application/json": { schema: schemaRef("RpcAnswer") } };

function eventStream(description: string): Content {
  return { "text/event-stream": { schema: { type: "string", description } } };
}

const STREAM_HEADERS: Readonly<Record<string, Header>> = {
  [CONVERSATION_ID]: { description: "The conversation.", schema: CONVERSATION_ID_SCHEMA },
  [STREAM_RESUME]: {
    description: "Where a cut stream goes on, to be asked with `Last-Event-ID`.",
    schema: TEXT,
  },
};

const RESUMED: Parameter = {
  name: LAST_EVENT_ID,
  in: "header",
  description: "The newest event that the client has.",
  schema: TEXT,
};

const KEY: Parameter = {
  name: IDEMPOTENCY_KEY,
  in: "header",
  description: "A repeat under the same key, within 24 hours, starts nothing.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const AT: readonly Parameter[] = [
  { name: "at", in: "query", description: "Where the stream began.", schema: TEXT },
  {
    name: "resumed",
    in: "query",
    description: "It began where a person's answer brought the run on.",
    schema: { type: "string", enum: ["true"] },
  },
];

const A2A_ANSWER: ResponseObject = {
  description: "The answer, or its stream; errors of A2A have status 200 too.",
  content: {
    ...RPC_ANSWER,
    ...eventStream("An answer of JSON-RPC an event, each with a piece of the task."),
  },
};

const SEND_MESSAGE = {
  jsonrpc: "2.0",
  id: 1,
  method: "SendMessage",
  params: {
    message: {
      messageId: "4f6d0a36-79ad-4c1c-9d6e-53d7d4c8a1b2",
      contextId: EXAMPLE_CONVERSATION,
      role: "ROLE_USER",
      parts: [{ text: "Make it 2 days" }],
    },
  },
};

const SEND_BODY = {
  required: true,
  content: {
    "application/json": {
      schema: schemaRef("RpcRequest"),
      examples: {
        send: { value: SEND_MESSAGE },
        stream: { value: { ...SEND_MESSAGE, method: "SendStreamingMessage" } },
        get: {
          value: { jsonrpc: "2.0", id: 2, method: "GetTask", params: { id: `${EXAMPLE_CONVERSATION}~1` } },
        },
      },
    },
  },
};

const CARD: ResponseObject = {
  description: "The card, as [A2A](https://a2a-protocol.org) describes it.",
  content: { "application/json": { schema: OPEN_OBJECT } },
};

const A2A_DESCRIPTION =
  "`SendMessage`, `SendStreamingMessage`, `GetTask`, `ListTasks`, `CancelTask`, `SubscribeToTask`. A task is a run, a context is a conversation; a `messageId` that comes again starts nothing.";

const A2A_PATHS: Paths = {
  "/.well-known/agent-card.json": {
    get: {
      operationId: "getAgentCard",
      tags: ["A2A"],
      summary: "The card of the first agent",
      responses: { "200": CARD, ...errorResponses(STORE_ERRORS) },
    },
  },
  "/a2a/{agent}/.well-known/agent-card.json": {
    get: {
      operationId: "getCardOfAgent",
      tags: ["A2A"],
      summary: "The card of an agent",
      parameters: [AGENT],
      responses: { "200": CARD, ...errorResponses(["agent_not_found", ...STORE_ERRORS]) },
    },
  },
  "/a2a": {
    post: {
      operationId: "callFirstAgent",
      tags: ["A2A"],
      summary: "A method of A2A 1.0, of the first agent",
      description: A2A_DESCRIPTION,
      parameters: [KEY],
      requestBody: SEND_BODY,
      responses: { "200": A2A_ANSWER },
    },
  },
  "/a2a/{agent}": {
    post: {
      operationId: "callAgent",
      tags: ["A2A"],
      summary: "A method of A2A 1.0",
      description: A2A_DESCRIPTION,
      parameters: [AGENT, KEY],
      requestBody: SEND_BODY,
      responses: { "200": A2A_ANSWER },
    },
  },
  "/a2a/{agent}/tasks/{task}/stream": {
    get: {
      operationId: "resumeTaskStream",
      tags: ["A2A"],
      summary: `Where the stream of a task goes on after a cut, as \`${STREAM_RESUME}\` names it`,
      parameters: [
        AGENT,
        {
          name: "task",
          in: "path",
          required: true,
          description: "The task.",
          schema: TEXT,
          example: `${EXAMPLE_CONVERSATION}~1`,
        },
        {
          name: "id",
          in: "query",
          description: "The id of the request that the stream answers, as JSON.",
          schema: TEXT,
          example: "1",
        },
        ...AT,
        RESUMED,
      ],
      responses: {
        "200": {
          description: "The stream.",
          headers: STREAM_HEADERS,
          content: eventStream("As `SendStreamingMessage` streams it."),
        },
        ...errorResponses([
          "invalid_request",
          "invalid_cursor",
          "agent_not_found",
          "stream_expired",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
};

const CALL_TOOL = {
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name: AGENT_NAME, arguments: { query: "Make it 2 days", threadId: EXAMPLE_CONVERSATION } },
};

const MCP_REFUSED: ResponseObject = {
  description: "What came is no request of MCP, or of no version that is spoken here.",
  content: RPC_ANSWER,
};

const MCP_ANSWER = eventStream("Notifications of progress, then the result, each a message of JSON-RPC.");

const MCP_PATHS: Paths = {
  "/mcp": {
    post: {
      operationId: "postMcpMessage",
      tags: ["MCP"],
      summary: "A message of the Model Context Protocol: agents are tools",
      description:
        "`initialize`, `ping`, `tools/list`, `tools/call`, `notifications/cancelled`. A tool takes `query` and `threadId`.",
      parameters: [KEY],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: schemaRef("RpcRequest"),
            examples: {
              initialize: {
                value: {
                  jsonrpc: "2.0",
                  id: 0,
                  method: "initialize",
                  params: {
                    protocolVersion: "2025-11-25",
                    capabilities: {},
                    clientInfo: { name: "example", version: "1" },
                  },
                },
              },
              list: { value: { jsonrpc: "2.0", id: 1, method: "tools/list" } },
              call: { value: CALL_TOOL },
              initialized: { value: { jsonrpc: "2.0", method: "notifications/initialized" } },
            },
          },
        },
      },
      responses: {
        "200": { description: "The answer.", content: { ...RPC_ANSWER, ...MCP_ANSWER } },
        "202": { description: "A notification was taken." },
        "400": MCP_REFUSED,
        "403": { description: "Pages of this origin may not call the server.", content: RPC_ANSWER },
      },
    },
    get: {
      operationId: "resumeMcpAnswer",
      tags: ["MCP"],
      summary: "Where the answer to a call goes on after a cut",
      parameters: [
        {
          ...RESUMED,
          required: true,
          example: idPrefixOf({
            run: { conversation: EXAMPLE_CONVERSATION as ConversationId, run: 1 },
            request: { id: 2, progressToken: undefined },
          }),
        },
      ],
      responses: {
        "200": { description: "The rest of the answer.", headers: STREAM_HEADERS, content: MCP_ANSWER },
        "400": MCP_REFUSED,
        "405": {
          description: "Without an id: there is nothing to listen to but answers.",
          content: RPC_ANSWER,
        },
      },
    },
  },
};

const AG_UI_EVENTS = eventStream("[Events of AG-UI](https://docs.ag-ui.com/concepts/events), each as JSON.");

const AG_UI_PATHS: Paths = {
  "/ag-ui/{agent}": {
    post: {
      operationId: "runAgUiAgent",
      tags: ["AG-UI"],
      summary: "Starts a run, goes on with the one under way, or answers its interrupts; and streams it",
      description:
        "A thread is a conversation. A message that was sent before starts nothing, and its run is streamed as it stands.",
      parameters: [AGENT, KEY],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              ...objectSchema("A `RunAgentInput`.", {
                threadId: TEXT,
                runId: TEXT,
                messages: { type: "array", items: OPEN_OBJECT },
              }),
              additionalProperties: true,
            },
            examples: {
              next: {
                value: {
                  threadId: EXAMPLE_CONVERSATION,
                  runId: "r-2",
                  messages: [{ id: "m-2", role: "user", content: "Make it 2 days" }],
                  tools: [],
                  context: [],
                  state: {},
                },
              },
            },
          },
        },
      },
      responses: {
        "200": { description: "The stream.", headers: STREAM_HEADERS, content: AG_UI_EVENTS },
        ...errorResponses([
          "invalid_request",
          "invalid_id",
          "agent_not_found",
          "conversation_not_found",
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
  "/ag-ui/{agent}/{thread}": {
    get: {
      operationId: "connectAgUiThread",
      tags: ["AG-UI"],
      summary: "The newest run of a thread as it stands and goes on, or the stream of one after a cut",
      parameters: [
        AGENT,
        {
          name: "thread",
          in: "path",
          required: true,
          description: "The thread.",
          schema: TEXT,
          example: EXAMPLE_CONVERSATION,
        },
        {
          name: "run",
          in: "query",
          description: "Which of its runs, from 1.",
          schema: { type: "integer", minimum: 1 },
        },
        { name: "runId", in: "query", description: "What its client calls the run.", schema: TEXT },
        ...AT,
        RESUMED,
      ],
      responses: {
        "200": { description: "The stream.", headers: STREAM_HEADERS, content: AG_UI_EVENTS },
        ...errorResponses([
          "invalid_request",
          "invalid_id",
          "invalid_cursor",
          "agent_not_found",
          "conversation_not_found",
          "run_not_found",
          "conversation_of_another_agent",
          "stream_expired",
          ...STORE_ERRORS,
        ]),
      },
    },
  },
};

/** A2A, MCP and AG-UI: protocols between agents and whoever uses them. */
export const AGENT_PROTOCOL_PATHS: Paths = { ...A2A_PATHS, ...MCP_PATHS, ...AG_UI_PATHS };
