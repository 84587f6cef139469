import { asSchema, safeValidateTypes } from "@ai-sdk/provider-utils";
import type { Schema } from "@ai-sdk/provider-utils";
import type { JsonObject, JsonValue } from "../../core/index.ts";
import type { Tool, ToolDescription } from "../../ports/index.ts";

/**
 * What a model is told of tools, in their order.
 *
 * @throws TypeError when a tool's schema cannot be expressed as a JSON schema.
 */
export async function describeTools(
  tools: Readonly<Record<string, Tool>>,
): Promise<readonly ToolDescription[]> {
  return Promise.all(
    Object.entries(tools).map(async ([name, tool]) => ({
      name,
      description: tool.description,
      inputSchema: await inputSchemaOf(name, tool),
    })),
  );
}

/** An input as the tool's schema gives it on (defaults filled in, values transformed), or what to tell the model. */
export type ToolInputCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/**
 * Checks an input that a model wrote against its tool's schema. A schema that cannot check (a bare JSON schema of the
 * AI SDK's `jsonSchema`, without `validate`) lets any object pass, and nothing else where it asks for an object.
 */
export async function validateToolInput(tool: Tool, input: JsonValue): Promise<ToolInputCheck> {
  const schema = asSchema<unknown>(tool.inputSchema);
  if (schema.validate === undefined && (await asksForObject(schema)) && !isObject(input)) {
    return refused(`expected an object, received ${kindOf(input)}`);
  }
  const result = await safeValidateTypes({ value: input, schema });
  return result.success
    ? { ok: true, value: result.value }
    : refused(describeIssues(result.error.cause) ?? "it could not be checked");
}

/** How much of what is wrong with an input the model is told. */
const MAX_ISSUES = 10;
const MAX_ISSUES_LENGTH = 1000;

async function inputSchemaOf(name: string, tool: Tool): Promise<JsonObject> {
  try {
    const schema = await asSchema(tool.inputSchema).jsonSchema;
    return JSON.parse(JSON.stringify(schema)) as JsonObject;
  } catch (error) {
    throw new TypeError(
      `The input schema of tool "${name}" cannot be turned into a JSON schema (${messageOf(error)}): ` +
        "pass a Zod schema without custom types, or a JSON schema through jsonSchema().",
      { cause: error },
    );
  }
}

async function asksForObject(schema: Schema): Promise<boolean> {
  return (await schema.jsonSchema).type === "object";
}

function isObject(value: JsonValue): boolean {
  return kindOf(value) === "object";
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function refused(issues: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `The input does not fit the tool's schema: ${issues}.` };
}

/** One line of Zod's or a Standard Schema's issues, each with its place in the input. */
function describeIssues(cause: unknown): string | undefined {
  const issues: unknown = isRecord(cause) && !Array.isArray(cause) ? cause["issues"] : cause;
  if (!Array.isArray(issues) || issues.length === 0) return messageOf(cause);
  const lines = issues.slice(0, MAX_ISSUES).map(describeIssue);
  return lines.join("; ").slice(0, MAX_ISSUES_LENGTH);
}

function describeIssue(issue: unknown): string {
  if (!isRecord(issue)) return String(issue);
  const path = Array.isArray(issue["path"]) ? issue["path"].map(pathSegment).join(".") : "";
  const message = typeof issue["message"] === "string" ? issue["message"] : "invalid";
  return path === "" ? message : `${path}: ${message}`;
}

/** A Standard Schema's segment may be an object with its key. */
function pathSegment(segment: unknown): string {
  return String(isRecord(segment) ? segment["key"] : segment);
}

function messageOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message.slice(0, MAX_ISSUES_LENGTH) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
