import * as z from "zod";
import type { JsonValue } from "../../core/index.ts";
import { parseApprovalRequestId } from "../../projections/openai-responses/index.ts";
import type { ApprovalPlace } from "../../projections/openai-responses/index.ts";
import { refusal } from "./openai-error.ts";

/** An item of a request's input, as far as an agent can be told it. */
export type InputItem = { readonly param: string } & (
  | { readonly kind: "message"; readonly role: "user" | "assistant"; readonly text: string }
  | { readonly kind: "instructions"; readonly text: string }
  /** An item of an earlier response, by its id. */
  | { readonly kind: "reference"; readonly id: string }
  /** A tool call of an earlier response, given back. */
  | InputCall
  | Verdict
);

export interface InputCall {
  readonly kind: "call";
  readonly id: string;
  readonly name: string;
  readonly input: JsonValue;
  readonly output: string | null;
  readonly error: unknown;
}

/** A person's answer to a request for leave. */
export interface Verdict {
  readonly kind: "verdict";
  readonly place: ApprovalPlace;
  readonly approved: boolean;
  readonly reason: string | undefined;
}

type RawItem = Readonly<Record<string, unknown>>;

/** Throws `invalid_request`, which names the item and the part that an agent cannot be told. */
export function readInput(input: string | readonly RawItem[]): readonly InputItem[] {
  if (typeof input === "string") return [message("user", input, "input")];
  return input.flatMap((item, index) => readItem(item, `input[${index}]`));
}

function readItem(item: RawItem, param: string): readonly InputItem[] {
  const { type = "message" } = item;
  if (typeof type === "string" && LEFT_OUT.has(type)) return [];
  switch (type) {
    case "message":
      return [readMessage(item, param)];
    case "item_reference":
      return [{ kind: "reference", param, id: parse(REFERENCE, item, param).id }];
    case "mcp_call": {
      const { id, name, arguments: input, output = null, error } = parse(CALL, item, param);
      return [{ kind: "call", param, id, name, input: parseArguments(input, param), output, error }];
    }
    case "mcp_approval_response":
      return [readVerdict(item, param)];
    default:
      throw refusal(param, "unsupported_item", `${param}: items of type ${String(type)} are not supported.`);
  }
}

/** What is of no use to whoever is told it again: the answer that came of it is. */
const LEFT_OUT: ReadonlySet<string> = new Set(["reasoning", "mcp_list_tools", "mcp_approval_request"]);

const REFERENCE = z.looseObject({ id: z.string() });
const CALL = z.looseObject({
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
  output: z.nullish(z.string()),
  error: z.optional(z.unknown()),
});
const VERDICT = z.looseObject({
  approval_request_id: z.string(),
  approve: z.boolean(),
  reason: z.nullish(z.string().max(1000)),
});
const PART = z.looseObject({
  type: z.string(),
  text: z.optional(z.string()),
  refusal: z.optional(z.string()),
});
const MESSAGE = z.looseObject({
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([z.string(), z.array(PART)]),
});

function readMessage(item: RawItem, param: string): InputItem {
  const { role, content } = parse(MESSAGE, item, param);
  const text = typeof content === "string" ? content : joinParts(content, `${param}.content`);
  if (role === "system" || role === "developer") return { kind: "instructions", param, text };
  return message(role, text, param);
}

function message(role: "user" | "assistant", text: string, param: string): InputItem {
  if (role === "user" && text.trim() === "") {
    throw refusal(param, "invalid_value", `${param}: the message must not be empty.`);
  }
  return { kind: "message", param, role, text };
}

function joinParts(parts: readonly z.infer<typeof PART>[], param: string): string {
  return parts
    .map((part, index) => {
      const { type } = part;
      if (type === "refusal") return part.refusal ?? "";
      if (type === "input_text" || type === "output_text" || type === "text") return part.text ?? "";
      throw refusal(
        `${param}[${index}]`,
        "unsupported_content",
        `${param}[${index}]: ${type} is not supported; an agent is told text.`,
      );
    })
    .join("\n\n");
}

function readVerdict(item: RawItem, param: string): InputItem {
  const { approval_request_id: id, approve, reason } = parse(VERDICT, item, param);
  const place = parseApprovalRequestId(id);
  if (!place) throw refusal(param, "approval_not_found", `${param}: there is no approval request ${id}.`);
  return { kind: "verdict", param, place, approved: approve, reason: reason ?? undefined };
}

function parseArguments(text: string, param: string): JsonValue {
  try {
    return z.json().parse(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw refusal(`${param}.arguments`, "invalid_value", `${param}.arguments is not JSON.`);
  }
}

function parse<Shape>(schema: z.ZodType<Shape>, item: RawItem, param: string): Shape {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [param, ...(issue?.path ?? [])].join(".");
  throw refusal(path, "invalid_value", `${path}: ${issue?.message ?? "not as expected"}.`);
}
