import type { ErrorCode } from "../../core/index.ts";
import { schemaRef } from "./document.ts";
import type { Content, Paths, ResponseObject } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import {
  AGENT_NAME,
  CONVERSATION,
  EXAMPLE_CONVERSATION,
  RUN_REQUEST_PARAMETERS,
  STARTED_RUN_HEADERS,
  WAIT_PARAMETERS,
} from "./parameters.ts";

/** How any run request may be refused. */
export const RUN_REQUEST_ERRORS: readonly ErrorCode[] = [
  "invalid_request",
  "invalid_id",
  "agent_not_found",
  "conversation_of_another_agent",
  "body_too_large",
  "unsupported_media_type",
  "idempotency_key_reused",
  "queue_full",
  ...STORE_ERRORS,
];

/** A run request, as text or as JSON. */
export const RUN_REQUEST_CONTENT: Content = {
  "application/json": {
    schema: schemaRef("RunRequest"),
    examples: {
      first: {
        summary: "Begins the conversation that the other examples speak of.",
        value: { message: "Plan a 1-day trip to Tokyo", conversation_id: EXAMPLE_CONVERSATION },
      },
      followUp: {
        summary: "Goes on in it, with the app's own metadata.",
        value: {
          message: "Make it 2 days",
          thread_id: EXAMPLE_CONVERSATION,
          enable_tool_calls: false,
          metadata: { source: "docs" },
        },
      },
    },
  },
  "text/plain": {
    schema: { type: "string", minLength: 1, description: "The message itself." },
    examples: { message: { value: "Plan a weekend in Paris" } },
  },
};

/** Of an agent's calls upon one conversation. */
const CONVERSATION_ERRORS: readonly ErrorCode[] = [
  "invalid_request",
  "invalid_id",
  "agent_not_found",
  "conversation_not_found",
  "conversation_of_another_agent",
  ...STORE_ERRORS,
];

const STATUS: ResponseObject = {
  description: "Where the conversation stands.",
  content: { "application/json": { schema: schemaRef("ConversationStatus") } },
};

export const RUN_PATHS: Paths = {
  "/api/agents/{name}/run": {
    post: {
      operationId: "startRun",
      tags: ["Runs"],
      summary: "Starts a run",
      description:
        "The request is stored before the answer is sent; the run goes on whether or not anyone reads it. Runs of one conversation go one after the other.",
      parameters: [AGENT_NAME, ...RUN_REQUEST_PARAMETERS, ...WAIT_PARAMETERS],
      requestBody: {
        required: true,
        content: {
          ...RUN_REQUEST_CONTENT,
          "application/json": {
            schema: schemaRef("RunRequest"),
            examples: {
              ...RUN_REQUEST_CONTENT["application/json"]?.examples,
              wait: {
                summary: "One request, one answer.",
                value: { message: "Plan a 1-day trip to Rome", wait_for_response: true },
              },
            },
          },
        },
      },
      responses: {
        "200": {
          description: "The run has ended, however it did; only for those who asked to wait.",
          headers: STARTED_RUN_HEADERS,
          content: { "application/json": { schema: schemaRef("AnsweredRun") } },
        },
        "202": {
          description:
            "The run is accepted, and will end. `timeout`: it has not yet, at the limit of waiting.",
          headers: STARTED_RUN_HEADERS,
          content: { "application/json": { schema: schemaRef("AcceptedRun") } },
        },
        ...errorResponses(RUN_REQUEST_ERRORS),
      },
    },
  },
  "/api/agents/{name}/run/{id}": {
    get: {
      operationId: "getRunStatus",
      tags: ["Runs"],
      summary: "The status of a conversation and its runs",
      parameters: [AGENT_NAME, CONVERSATION],
      responses: { "200": STATUS, ...errorResponses(CONVERSATION_ERRORS) },
    },
  },
  "/api/agents/{name}/run/{id}/cancel": {
    post: {
      operationId: "cancelRuns",
      tags: ["Runs"],
      summary: "Cancels every run of a conversation that has not ended",
      description: "Durable when it answers. Asking again, or when all have ended, changes nothing.",
      parameters: [AGENT_NAME, CONVERSATION],
      requestBody: {
        required: false,
        content: {
          "application/json": {
            schema: schemaRef("CancelRequest"),
            examples: { reason: { value: { reason: "The plans have changed." } } },
          },
        },
      },
      responses: { "202": STATUS, ...errorResponses([...CONVERSATION_ERRORS, "body_too_large"]) },
    },
  },
  "/api/agents/{name}/run/{id}/approvals/{approval}": {
    post: {
      operationId: "answerApproval",
      tags: ["Runs"],
      summary: "Allows or denies a tool call that waits for a person",
      description:
        "The first answer counts. The example is answered with 404 until an agent asks: TravelPlanner has no tool that needs leave.",
      parameters: [
        AGENT_NAME,
        CONVERSATION,
        {
          name: "approval",
          in: "path",
          required: true,
          description: "The `approval_id` of the status.",
          schema: { type: "string" },
          example: "1:2:call-1",
        },
      ],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: schemaRef("ApprovalVerdict"),
            examples: {
              allow: { value: { approved: true } },
              deny: { value: { approved: false, reason: "Too expensive." } },
            },
          },
        },
      },
      responses: {
        "202": STATUS,
        ...errorResponses([...CONVERSATION_ERRORS, "approval_not_found", "body_too_large"]),
      },
    },
  },
};
