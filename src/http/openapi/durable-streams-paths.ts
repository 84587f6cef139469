import { STREAM_CLOSED, STREAM_CURSOR, STREAM_NEXT_OFFSET, STREAM_UP_TO_DATE } from "../../protocol/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { objectSchema, schemaRef } from "./document.ts";
import type { Header, JsonSchema, Paths } from "./document.ts";
import { errorResponses, STORE_ERRORS } from "./error-responses.ts";
import { EXAMPLE_CONVERSATION } from "./parameters.ts";

const OFFSET = { type: "string", pattern: String.raw`^\d{16}_\d{16}$` } as const;

export const DURABLE_STREAMS_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  LogEntry: {
    ...objectSchema("An entry of the log, as `events=all` shows it; what else it has depends on its type.", {
      cursor: { type: "string", pattern: "^[0-9]+-[0-9]+$" },
      type: { type: "string" },
      run: { type: "integer", minimum: 1 },
    }),
    additionalProperties: true,
  },
};

const NEXT_OFFSET: Readonly<Record<string, Header>> = {
  [STREAM_NEXT_OFFSET]: { description: "The offset to go on from.", schema: OFFSET },
};

const REFUSALS: readonly ErrorCode[] = [
  "invalid_request",
  "invalid_id",
  "invalid_cursor",
  "conversation_not_found",
  "run_not_found",
  "conversation_of_another_agent",
  "cursor_beyond_log",
  "stream_expired",
  ...STORE_ERRORS,
];

/** What [the protocol](https://github.com/durable-streams/durable-streams/blob/main/PROTOCOL.md) calls reading. */
export const DURABLE_STREAMS_PATHS: Paths = {
  "/v1/stream/{id}": {
    get: {
      operationId: "readDurableStream",
      tags: ["Durable Streams"],
      summary: "Reads a log as the Durable Streams protocol does",
      description: `\`${STREAM_UP_TO_DATE}: true\` says that this is all for now, \`${STREAM_CLOSED}: true\` that it is all for good. HEAD tells where the stream ends.`,
      parameters: [
        {
          name: "id",
          in: "path",
          required: true,
          description:
            "A conversation, whose stream is never closed, or `<conversation>~<run>`, whose stream is closed when that run has ended.",
          schema: { type: "string" },
          example: `${EXAMPLE_CONVERSATION}~1`,
        },
        {
          name: "offset",
          in: "query",
          description: "`-1` (the beginning), `now`, or an offset of this stream. Absent: the beginning.",
          schema: { anyOf: [{ type: "string", enum: ["-1", "now"] }, OFFSET] },
          example: "-1",
        },
        {
          name: "live",
          in: "query",
          description: "Wait for what comes: one answer (`long-poll`), or all of them (`sse`).",
          schema: { type: "string", enum: ["long-poll", "sse"] },
        },
        {
          name: "cursor",
          in: "query",
          description: `The last \`${STREAM_CURSOR}\`, for the caches on the way.`,
          schema: { type: "string" },
        },
        {
          name: "if-none-match",
          in: "header",
          description: "The `ETag` of an answer that the client has.",
          schema: { type: "string" },
        },
      ],
      responses: {
        "200": {
          description: "Entries, without those that were withdrawn before.",
          headers: NEXT_OFFSET,
          content: {
            "application/json": { schema: { type: "array", items: schemaRef("LogEntry") } },
            "text/event-stream": {
              schema: {
                type: "string",
                description:
                  "Events `data` (a JSON array of entries), each followed by a `control` with `streamNextOffset`, `upToDate` and `streamClosed`.",
              },
            },
          },
        },
        "204": { description: "Nothing came while `long-poll` waited.", headers: NEXT_OFFSET },
        "304": { description: "The client has it already." },
        ...errorResponses(REFUSALS),
      },
    },
  },
};
