import { CONVERSATION_ID, IDEMPOTENCY_KEY, THREAD_ID, WAIT_FOR_RESPONSE } from "../../protocol/index.ts";
import type { Header, Parameter } from "./document.ts";
import { CONVERSATION_ID_SCHEMA } from "./schemas.ts";

/** The conversation that all examples speak of. */
export const EXAMPLE_CONVERSATION = "tokyo-trip";

export const AGENT_NAME: Parameter = {
  name: "name",
  in: "path",
  required: true,
  description: "The agent, without regard to case.",
  schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" },
  example: "TravelPlanner",
};

export const CONVERSATION: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The conversation; `@dafx-<agent>@<key>` names `<key>`.",
  schema: CONVERSATION_ID_SCHEMA,
  example: EXAMPLE_CONVERSATION,
};

/** How a run request may say in its query and headers what its body does not. */
export const RUN_REQUEST_PARAMETERS: readonly Parameter[] = [
  ...["conversation_id", "thread_id"].map((name): Parameter => ({
    name,
    in: "query",
    description: "The conversation to go on with, where the body names none.",
    schema: CONVERSATION_ID_SCHEMA,
  })),
  ...[CONVERSATION_ID, THREAD_ID].map((name): Parameter => ({
    name,
    in: "header",
    description: "The conversation to go on with, where the body names none.",
    schema: CONVERSATION_ID_SCHEMA,
  })),
  {
    name: IDEMPOTENCY_KEY,
    in: "header",
    description: "A repeat under the same key, within 24 hours, starts nothing and gets the first answer.",
    schema: { type: "string", minLength: 1, maxLength: 255 },
  },
];

export const WAIT_PARAMETERS: readonly Parameter[] = [
  {
    name: "wait_for_response",
    in: "query",
    description: "Answer when the run has ended, or at the server's limit.",
    schema: { type: "string", enum: ["true", "false", "1", "0"] },
  },
  {
    name: WAIT_FOR_RESPONSE,
    in: "header",
    description: "The same as `wait_for_response`.",
    schema: { type: "string", enum: ["true", "false", "1", "0"] },
  },
];

/** Headers that name the conversation of an answer. */
export const CONVERSATION_HEADERS: Readonly<Record<string, Header>> = {
  [CONVERSATION_ID]: { description: "The conversation.", schema: CONVERSATION_ID_SCHEMA },
};

export const STARTED_RUN_HEADERS: Readonly<Record<string, Header>> = {
  ...CONVERSATION_HEADERS,
  [THREAD_ID]: { description: "The conversation, bare.", schema: CONVERSATION_ID_SCHEMA },
  location: { description: "The stream of this run.", schema: { type: "string" } },
};
