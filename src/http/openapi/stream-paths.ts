import { LAST_EVENT_ID, STREAM_RESUME } from "../../protocol/index.ts";
import type { Content, Header, Parameter, Paths } from "./document.ts";
import { errorResponses } from "./error-responses.ts";
import {
  CONVERSATION,
  CONVERSATION_HEADERS,
  RUN_REQUEST_PARAMETERS,
  STARTED_RUN_HEADERS,
} from "./parameters.ts";
import { RUN_REQUEST_CONTENT, RUN_REQUEST_ERRORS } from "./run-paths.ts";

const ACCEPT: Parameter = {
  name: "accept",
  in: "header",
  description: "The format; server-sent events where it names none.",
  schema: { type: "string" },
  example: "text/event-stream",
};

const STREAM_CONTENT: Content = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "Events `message` (text), `step-reset` (text that a crash made void, withdrawn), `error` and `done`, or one of each entry's own type. The `id` is the cursor. The last bytes of a finished stream are `: end`; a stream that breaks off without them goes on where `x-stream-resume` says.",
    },
    examples: {
      finished: {
        value:
          "retry: 1000\nid: 1-4\nevent: message\ndata: # Tokyo\n\nid: 1-9\nevent: done\ndata: [DONE]\n\n: end\n",
      },
    },
  },
  "text/plain": {
    schema: {
      type: "string",
      description: "The answer as it comes, a newline at the end, `[Error: …]` where a run failed.",
    },
    examples: { finished: { value: "# Tokyo\n" } },
  },
  "application/x-ndjson": {
    schema: {
      type: "string",
      description: "A JSON object a line, each with `event`; `heartbeat` in between, `end` as the last line.",
    },
    examples: {
      finished: {
        value:
          '{"event":"message","cursor":"1-4","text":"# Tokyo"}\n{"event":"done","cursor":"1-9"}\n{"event":"end"}\n',
      },
    },
  },
};

const RESUME_HEADER: Readonly<Record<string, Header>> = {
  [STREAM_RESUME]: {
    description: "Where a cut stream goes on, to be asked with `Last-Event-ID`.",
    schema: { type: "string" },
  },
};

export const STREAM_PATHS: Paths = {
  "/api/agent/create": {
    post: {
      operationId: "createAndStream",
      tags: ["Streams"],
      summary: "Starts a run and streams its answer",
      parameters: [
        {
          name: "agent",
          in: "query",
          description: "The agent; absent: the one that the conversation id names, or the first.",
          schema: { type: "string" },
          example: "TravelPlanner",
        },
        ACCEPT,
        ...RUN_REQUEST_PARAMETERS,
      ],
      requestBody: { required: true, content: RUN_REQUEST_CONTENT },
      responses: {
        "200": {
          description: "The stream of the run. `x-conversation-id` has the form `@dafx-<agent>@<key>`.",
          headers: { ...STARTED_RUN_HEADERS, ...RESUME_HEADER },
          content: STREAM_CONTENT,
        },
        ...errorResponses([...RUN_REQUEST_ERRORS, "not_acceptable", "stream_expired"]),
      },
    },
  },
  "/api/agent/stream/{id}": {
    get: {
      operationId: "readStream",
      tags: ["Streams"],
      summary: "Streams a conversation, from the beginning or from any cursor",
      description:
        "Without a cursor, from the first entry kept; to the end of the latest run. Reading after a cursor gives exactly what came after it, or a refusal.",
      parameters: [
        CONVERSATION,
        ACCEPT,
        {
          name: "cursor",
          in: "query",
          description: "The `id` of the last event seen.",
          schema: { type: "string", pattern: "^[0-9]+-[0-9]+$" },
          example: "1-0",
        },
        {
          name: LAST_EVENT_ID,
          in: "header",
          description: "The same as `cursor`, and wins over it: EventSource sends it when it reconnects.",
          schema: { type: "string", pattern: "^[0-9]+-[0-9]+$" },
        },
        {
          name: "run",
          in: "query",
          description: "Only the run with this ordinal.",
          schema: { type: "integer", minimum: 1 },
          example: 1,
        },
        {
          name: "events",
          in: "query",
          description: "`all`: every entry, not only the text and how it ends.",
          schema: { type: "string", enum: ["text", "all"], default: "text" },
          example: "all",
        },
        {
          name: "follow",
          in: "query",
          description: "Go on across runs, for ever.",
          schema: { type: "string", enum: ["true", "false", "1", "0"], default: "false" },
          example: "false",
        },
      ],
      responses: {
        "200": {
          description: "The stream.",
          headers: { ...CONVERSATION_HEADERS, ...RESUME_HEADER },
          content: STREAM_CONTENT,
        },
        "204": {
          description: "The cursor is at the end and nothing is left to come.",
          headers: CONVERSATION_HEADERS,
        },
        "304": { description: "The client has it already: `If-None-Match` names its `ETag`." },
        ...errorResponses([
          "invalid_request",
          "invalid_id",
          "invalid_cursor",
          "conversation_not_found",
          "run_not_found",
          "not_acceptable",
          "cursor_beyond_log",
          "stream_expired",
          "store_unavailable",
          "store_locked",
          "shutting_down",
          "internal_error",
        ]),
      },
    },
  },
};
