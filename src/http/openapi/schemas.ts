import { ERROR_SCHEMAS } from "./error-responses.ts";
import { objectSchema, schemaRef } from "./document.ts";
import type { JsonSchema } from "./document.ts";

const TEXT = { type: "string" } as const;
const COUNT = { type: "integer", minimum: 0 } as const;
const ORDINAL = { type: "integer", minimum: 1 } as const;
const INSTANT = { type: "string", format: "date-time" } as const;
const OPEN_OBJECT = { type: "object", additionalProperties: true } as const;

/** The id of a conversation, bare or in the durable-entity form. */
export const CONVERSATION_ID_SCHEMA: JsonSchema = {
  type: "string",
  pattern: "^[A-Za-z0-9._:@-]{1,200}$",
};

const CURSOR: JsonSchema = {
  type: "string",
  pattern: "^[0-9]+-[0-9]+$",
  description: "A position in the log; opaque. The `id` of a server-sent event is one.",
};

const USAGE = objectSchema("Tokens, as the model's provider counted them.", {
  input_tokens: COUNT,
  output_tokens: COUNT,
});

const RUN_ERROR = objectSchema("Why a run failed.", { code: schemaRef("ErrorCode"), message: TEXT });

const RESPONSE_FORMAT: JsonSchema = {
  description: "Text (the default), or JSON with or without a schema; OpenAI's spelling is understood too.",
  oneOf: [
    { type: "string", enum: ["text", "json"] },
    objectSchema(
      "A form by its type.",
      {
        type: { type: "string", enum: ["json_schema", "json_object", "text", "json"] },
        name: TEXT,
        schema: OPEN_OBJECT,
        json_schema: objectSchema("OpenAI's place for them.", { name: TEXT, schema: OPEN_OBJECT }, [
          "name",
          "schema",
        ]),
      },
      ["name", "schema", "json_schema"],
    ),
  ],
};

/** What names an accepted run. */
const RUN_REFERENCE = {
  message: { type: "string", description: "The message, as it was stored." },
  conversation_id: CONVERSATION_ID_SCHEMA,
  thread_id: { ...CONVERSATION_ID_SCHEMA, description: "The same as `conversation_id`." },
  correlation_id: { type: "string", description: "The run's public id." },
  run: { ...ORDINAL, description: "The ordinal of the run in its conversation." },
} as const;

const REQUEST_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  RunRequest: objectSchema(
    "A message for an agent. Only `message` is needed.",
    {
      message: { type: "string", minLength: 1 },
      conversation_id: { type: ["string", "null"], description: "Absent: a new conversation." },
      thread_id: { type: ["string", "null"], description: "Another name for `conversation_id`." },
      response_format: { anyOf: [RESPONSE_FORMAT, { type: "null" }] },
      enable_tool_calls: { type: ["boolean", "null"], default: true },
      wait_for_response: { type: ["boolean", "null"], default: false },
      metadata: { ...OPEN_OBJECT, type: ["object", "null"], description: "Kept with the run, for the app." },
    },
    ["conversation_id", "thread_id", "response_format", "enable_tool_calls", "wait_for_response", "metadata"],
  ),
  CancelRequest: objectSchema("May be absent.", { reason: { type: ["string", "null"], maxLength: 1000 } }, [
    "reason",
  ]),
  ApprovalVerdict: objectSchema(
    "A person's answer.",
    { approved: { type: "boolean" }, reason: { type: ["string", "null"], maxLength: 1000 } },
    ["reason"],
  ),
};

const RUN_STATUS = {
  type: "string",
  enum: ["Pending", "Running", "Suspended", "Completed", "Failed", "Canceled"],
} as const;

const RUN_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  AcceptedRun: objectSchema("A run that is stored and will be run.", {
    status: { type: "string", enum: ["accepted", "timeout"] },
    response: { type: "string", description: "A sentence for people." },
    ...RUN_REFERENCE,
  }),
  AnsweredRun: objectSchema(
    "A run that has ended, with its answer.",
    {
      status: { type: "string", enum: ["success", "incomplete", "failed", "cancelled"] },
      response: { type: "string", description: "The whole answer." },
      usage: USAGE,
      error: RUN_ERROR,
      reason: TEXT,
      ...RUN_REFERENCE,
    },
    ["error", "reason"],
  ),
  ConversationStatus: objectSchema(
    "Where a conversation stands, with each of its runs.",
    {
      agent: TEXT,
      conversation_id: CONVERSATION_ID_SCHEMA,
      correlation_id: { type: "string", description: "Of the latest run." },
      status: RUN_STATUS,
      created_at: INSTANT,
      updated_at: INSTANT,
      cursor: CURSOR,
      message: TEXT,
      response: TEXT,
      error: RUN_ERROR,
      approvals: { type: "array", items: schemaRef("PendingApproval") },
      runs: { type: "array", items: schemaRef("RunStatus") },
      links: objectSchema("Where the rest is.", { stream: TEXT, status: TEXT, history: TEXT }),
    },
    ["correlation_id", "message", "response", "error"],
  ),
  RunStatus: objectSchema(
    "One run.",
    {
      run: ORDINAL,
      correlation_id: TEXT,
      status: RUN_STATUS,
      position: { ...COUNT, description: "How many runs are before it, for one that waits." },
      message: TEXT,
      response: { type: "string", description: "The whole answer, once it has ended." },
      usage: USAGE,
      error: RUN_ERROR,
      reason: { type: "string", description: "Why it was cancelled or stopped short." },
      attempts: { ...COUNT, description: "How many workers held it." },
      accepted_at: INSTANT,
      started_at: INSTANT,
      ended_at: INSTANT,
      approvals: { type: "array", items: schemaRef("PendingApproval") },
      stream: TEXT,
    },
    ["position", "response", "usage", "error", "reason", "started_at", "ended_at"],
  ),
  PendingApproval: objectSchema(
    "A tool call that waits for a person.",
    {
      approval_id: TEXT,
      call_id: TEXT,
      tool: TEXT,
      input: { description: "What the tool would be called with: any JSON." },
      requested_at: INSTANT,
      expires_at: INSTANT,
    },
    ["expires_at"],
  ),
};

const CONVERSATION_SUMMARY = {
  conversation_id: CONVERSATION_ID_SCHEMA,
  agent: TEXT,
  created_at: INSTANT,
  updated_at: INSTANT,
} as const;

const CONVERSATION_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ConversationPage: objectSchema("Conversations, the latest touched first.", {
    conversations: {
      type: "array",
      items: objectSchema("A conversation.", { ...CONVERSATION_SUMMARY, runs: COUNT }),
    },
    next: { type: ["string", "null"], description: "Pass it as `after` for the next page." },
  }),
  ConversationHistory: objectSchema("A conversation with the runs that have ended.", {
    ...CONVERSATION_SUMMARY,
    cursor: CURSOR,
    runs: { type: "array", items: schemaRef("RunRecord") },
    next: { type: ["integer", "null"], description: "Pass it as `from` for the next page." },
  }),
  RunRecord: objectSchema(
    "A run as the history keeps it.",
    {
      run: ORDINAL,
      correlation_id: TEXT,
      status: { type: "string", enum: ["completed", "failed", "cancelled", "incomplete"] },
      message: TEXT,
      response: { type: "string", description: "What a reader of the whole stream has rendered." },
      messages: { type: "array", items: schemaRef("Message") },
      metadata: OPEN_OBJECT,
      usage: USAGE,
      error: RUN_ERROR,
      reason: TEXT,
      attempts: ORDINAL,
      cursor: { ...CURSOR, description: "Its last entry: a stream read after it gives what came later." },
      accepted_at: INSTANT,
      started_at: INSTANT,
      ended_at: INSTANT,
    },
    ["metadata", "error", "reason"],
  ),
  Message: objectSchema("A message in the form of the AI SDK's prompts.", {
    role: { type: "string", enum: ["user", "assistant", "tool"] },
    content: {
      type: "array",
      items: {
        type: "object",
        description: "A part: `text`, `reasoning`, `tool-call` or `tool-result`.",
        properties: { type: { type: "string", enum: ["text", "reasoning", "tool-call", "tool-result"] } },
        required: ["type"],
        additionalProperties: true,
      },
    },
  }),
};

const SERVICE_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Health: objectSchema("The process answers; the agents it has.", {
    status: { type: "string", const: "healthy" },
    agents: {
      type: "array",
      items: objectSchema(
        "An agent.",
        { name: TEXT, description: TEXT, tools: { type: "array", items: TEXT } },
        ["description"],
      ),
    },
    agent_count: COUNT,
  }),
  Readiness: objectSchema("The store can be reached.", {
    status: { type: "string", const: "ready" },
    store: { type: "string", description: "The technology, and where it keeps things." },
  }),
};

/** Every named schema of the document. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...REQUEST_SCHEMAS,
  ...RUN_SCHEMAS,
  ...CONVERSATION_SCHEMAS,
  ...SERVICE_SCHEMAS,
  ...ERROR_SCHEMAS,
};
