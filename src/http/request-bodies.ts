import * as z from "zod";
import type { JsonObject } from "../core/index.ts";

/** The JSON that starts a run, as a client writes it. */
export interface RunBody {
  readonly message: string;
  readonly thread_id?: string | null | undefined;
  readonly conversation_id?: string | null | undefined;
  readonly response_format?: "text" | "json" | JsonSchemaFormat | null | undefined;
  readonly enable_tool_calls?: boolean | null | undefined;
  readonly wait_for_response?: boolean | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
}

interface JsonSchemaFormat extends NamedSchema {
  readonly type: "json_schema" | "json_object" | "text" | "json";
  readonly json_schema?: NamedSchema | undefined;
}

interface NamedSchema {
  readonly name?: string | undefined;
  readonly schema?: JsonObject | undefined;
}

export interface CancelBody {
  readonly reason?: string | null | undefined;
}

export interface ApprovalBody extends CancelBody {
  readonly approved: boolean;
}

const NAMED_SCHEMA = { name: z.optional(z.string()), schema: z.optional(z.record(z.string(), z.json())) };

const JSON_SCHEMA_FORMAT = z.object({
  type: z.enum(["json_schema", "json_object", "text", "json"]),
  ...NAMED_SCHEMA,
  json_schema: z.optional(z.object(NAMED_SCHEMA)),
});

export const RUN_BODY: z.ZodType<RunBody> = z.object({
  message: z.string(),
  thread_id: z.nullish(z.string()),
  conversation_id: z.nullish(z.string()),
  response_format: z.nullish(z.union([z.enum(["text", "json"]), JSON_SCHEMA_FORMAT])),
  enable_tool_calls: z.nullish(z.boolean()),
  wait_for_response: z.nullish(z.boolean()),
  metadata: z.nullish(z.record(z.string(), z.json())),
});

const REASON = z.string().max(1000).nullish();

export const CANCEL_BODY: z.ZodType<CancelBody> = z.object({ reason: REASON });
export const APPROVAL_BODY: z.ZodType<ApprovalBody> = z.object({ approved: z.boolean(), reason: REASON });
