import type * as z from "zod";
import type { AgentError } from "../core/index.ts";

/** How a protocol refuses a field of a request. */
export type RefuseField = (field: string, message: string) => AgentError;

/** A value as a schema reads it. Throws what `refuse` makes of the first field that is wrong; `whole` names the value itself. */
export function checkShape<Shape>(
  schema: z.ZodType<Shape>,
  value: unknown,
  refuse: RefuseField,
  whole = "body",
): Shape {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || whole;
  throw refuse(field, `${field}: ${issue?.message ?? "not as expected"}.`);
}
