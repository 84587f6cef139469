import * as z from "zod";
import { AgentError, parseConversationReference } from "../../core/index.ts";
import type { ConversationReference, JsonValue, Message } from "../../core/index.ts";
import { checkShape } from "../check-shape.ts";
import { parseJson } from "../parse-json.ts";

/** What a client of AG-UI asks. */
export interface RunInput {
  /** As the client writes it. */
  readonly threadId: string;
  readonly thread: ConversationReference;
  /** What the client calls the run that it asks for. */
  readonly runId: string;
  /** Answers to what a run has asked. */
  readonly verdicts: readonly Verdict[];
  /** The user's newest message; undefined: there is none. */
  readonly said: SaidMessage | undefined;
  /** The app's own, kept with the run. */
  readonly forwardedProps: JsonValue | undefined;
  /** The client's system messages. */
  readonly system: readonly SystemMessage[];
  /** What they and the client's context say, for this run only. */
  readonly instructions: string | undefined;
}

export interface SystemMessage {
  readonly id: string;
  readonly role: "system" | "developer";
  readonly content: string;
}

export interface SaidMessage {
  readonly id: string;
  readonly text: string;
  /** What comes after it in the client's list, which only a client has that knows of an answer. */
  readonly isLast: boolean;
  /** What was said before it, as the client tells it, with the client's ids. */
  readonly preceding: readonly NamedMessage[];
}

export interface NamedMessage {
  readonly id: string;
  readonly message: Message;
}

export interface Verdict {
  readonly approvalId: string;
  readonly approved: boolean;
  readonly reason: string | undefined;
}

const MAX_ID = 200;
const ID = z.string().min(1).max(MAX_ID);
const MESSAGE = z.looseObject({
  id: ID,
  role: z.enum(["developer", "system", "assistant", "user", "tool", "activity", "reasoning"]),
  content: z.optional(z.unknown()),
  toolCalls: z.optional(
    z.nullable(
      z.array(
        z.looseObject({
          id: z.string(),
          function: z.looseObject({ name: z.string(), arguments: z.string() }),
        }),
      ),
    ),
  ),
  toolCallId: z.optional(z.string()),
});
const VERDICT = z.looseObject({ approved: z.boolean(), reason: z.nullish(z.string().max(1000)) });
const RESUME = z.looseObject({
  interruptId: z.string(),
  status: z.enum(["resolved", "cancelled"]),
  payload: z.optional(z.unknown()),
});
const BODY = z.looseObject({
  threadId: z.string().min(1),
  runId: ID,
  parentRunId: z.nullish(z.string()),
  forwardedProps: z.optional(z.json()),
  state: z.optional(z.unknown()),
  messages: z.array(MESSAGE),
  tools: z.optional(z.array(z.unknown())),
  context: z.optional(z.array(z.looseObject({ description: z.string(), value: z.string() }))),
  resume: z.nullish(z.array(RESUME)),
});

type InputMessage = z.infer<typeof MESSAGE>;

/** Reads a `RunAgentInput`. Throws `invalid_request` naming the field, `invalid_id`. */
export function readRunInput(text: string): RunInput {
  const body = checkShape(BODY, parseJson(text), invalid);
  const { threadId, runId, messages, tools = [], state, context = [], resume } = body;
  const { parentRunId, forwardedProps } = body;
  if (tools.length > 0) {
    throw invalid(
      "tools",
      "tools of the client are not supported: an agent has its own, which the server executes.",
    );
  }
  if (!isEmpty(state)) throw invalid("state", "Shared state is not supported: an agent is told text.");
  if (parentRunId) {
    throw invalid("parentRunId", "Conversations do not branch: a run follows the newest of its thread.");
  }
  const system = messages.flatMap(systemMessage);
  return {
    threadId,
    thread: parseConversationReference(threadId),
    runId,
    verdicts: (resume ?? []).map(verdictOf),
    said: lastSaid(messages),
    forwardedProps: isEmpty(forwardedProps) ? undefined : forwardedProps,
    system,
    instructions: instructionsOf(system, context),
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function verdictOf({ interruptId, status, payload }: z.infer<typeof RESUME>, index: number): Verdict {
  if (status === "cancelled") return { approvalId: interruptId, approved: false, reason: undefined };
  const parsed = VERDICT.safeParse(payload);
  if (!parsed.success) {
    throw invalid(
      `resume.${index}.payload`,
      'The payload of an answer is {"approved": true} or {"approved": false}.',
    );
  }
  return { approvalId: interruptId, approved: parsed.data.approved, reason: parsed.data.reason ?? undefined };
}

function lastSaid(messages: readonly InputMessage[]): SaidMessage | undefined {
  const at = messages.findLastIndex(({ role }) => role === "user");
  const message = messages[at];
  if (!message) return undefined;
  const text = textOf(message, at);
  if (text.trim() === "") throw invalid(`messages.${at}.content`, "The message must not be empty.");
  return {
    id: message.id,
    text,
    isLast: !messages.slice(at + 1).some(({ role }) => role === "assistant" || role === "tool"),
    preceding: messages.slice(0, at).flatMap(precedingMessage),
  };
}

const CONTENT = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.optional(z.string()) })),
]);

function textOf({ content }: InputMessage, index: number): string {
  const parsed = CONTENT.safeParse(content ?? "");
  if (!parsed.success)
    throw invalid(`messages.${index}.content`, "The content of a message is text, or parts.");
  if (typeof parsed.data === "string") return parsed.data;
  return parsed.data
    .map(({ type, text }, at) => {
      if (type === "text" && text !== undefined) return text;
      const field = `messages.${index}.content.${at}`;
      throw invalid(field, `Parts of type ${type} are not supported: an agent is told text.`);
    })
    .join("\n\n");
}

function precedingMessage(message: InputMessage, index: number): readonly NamedMessage[] {
  const { id, role } = message;
  const text = (): string => textOf(message, index);
  switch (role) {
    case "user":
      return [{ id, message: { role, content: [{ type: "text", text: text() }] } }];
    case "assistant": {
      const said = text();
      // What it called is of no use without what came of it: a model is told what was said.
      return said === "" ? [] : [{ id, message: { role, content: [{ type: "text", text: said }] } }];
    }
    case "tool":
    case "reasoning":
    case "activity":
    case "system":
    case "developer":
      return [];
  }
}

function systemMessage(message: InputMessage, index: number): readonly SystemMessage[] {
  const { id, role } = message;
  return role === "system" || role === "developer" ? [{ id, role, content: textOf(message, index) }] : [];
}

function instructionsOf(
  system: readonly SystemMessage[],
  context: readonly { readonly description: string; readonly value: string }[],
): string | undefined {
  const all = [
    ...system.map(({ content }) => content),
    ...context.map(({ description, value }) => `${description}: ${value}`),
  ];
  return all.length === 0 ? undefined : all.join("\n\n");
}

function invalid(field: string, message: string): AgentError {
  return new AgentError("invalid_request", message, { details: { field } });
}
