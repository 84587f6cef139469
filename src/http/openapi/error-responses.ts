import { ERROR_CODES } from "../../core/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { errorStatus } from "../../protocol/index.ts";
import { objectSchema, schemaRef } from "./document.ts";
import type { JsonSchema, ResponseObject, Responses } from "./document.ts";

export const ERROR_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ErrorCode: {
    type: "string",
    description: "What went wrong: a closed list, stable across minor versions. Messages are not.",
    enum: ERROR_CODES,
  },
  Error: objectSchema("Every error, on every route.", {
    error: {
      ...objectSchema("Beside code and message, facts of the case: the field, a link, the newest cursor.", {
        code: schemaRef("ErrorCode"),
        message: { type: "string", description: "For people." },
      }),
      additionalProperties: { type: ["string", "number", "boolean"] },
    },
  }),
};

/** What any route that touches the store may answer. */
export const STORE_ERRORS: readonly ErrorCode[] = [
  "store_unavailable",
  "store_locked",
  "shutting_down",
  "internal_error",
];

/** The responses for some error codes, by status; each says which codes it stands for. */
export function errorResponses(codes: readonly ErrorCode[]): Responses {
  const byStatus = Map.groupBy(codes, errorStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [String(status), errorResponse(status, same)]),
  );
}

function errorResponse(status: number, codes: readonly ErrorCode[]): ResponseObject {
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    ...(RETRY_AFTER.has(status) && {
      headers: {
        "retry-after": { description: "In seconds, where it is known.", schema: { type: "integer" } },
      },
    }),
    content: { "application/json": { schema: schemaRef("Error") } },
  };
}

const RETRY_AFTER: ReadonlySet<number> = new Set([429, 503]);
