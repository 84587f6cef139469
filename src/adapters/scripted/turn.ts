import type {
  JSONObject,
  JSONValue,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { isCalendarDay } from "./calendar-day.ts";
import type { CalendarDay } from "./calendar-day.ts";

/** What a tool said, ready to be put in an answer. */
export type Finding =
  | { readonly kind: "found"; readonly lines: readonly string[] }
  | { readonly kind: "unavailable" };

/** The state of a conversation as a prompt shows it: what the user said, and what the answer in progress already holds. */
export interface Turn {
  readonly instructions: string;
  /** The texts of all user messages, oldest first. */
  readonly userMessages: readonly string[];
  /** By tool name, what was called since the latest user message; `undefined` while there is no result. */
  readonly findings: ReadonlyMap<string, Finding | undefined>;
  /** The day that the calls since the latest user message asked about. */
  readonly calledDay: CalendarDay | undefined;
}

/** The most lines that are taken from one tool's result. */
export const MAXIMUM_FINDING_LINES = 6;

/** The most characters that are taken from one line of a tool's result. */
export const MAXIMUM_LINE_CHARACTERS = 300;

/** Reads a prompt. */
export function turnFromPrompt(prompt: LanguageModelV4Prompt): Turn {
  const latest = prompt.findLastIndex(({ role }) => role === "user");
  const answering = prompt.slice(latest + 1);
  const findings = new Map<string, Finding | undefined>();
  for (const { toolName } of callsIn(answering)) findings.set(toolName, undefined);
  for (const { toolName, output } of resultsIn(answering)) findings.set(toolName, findingFromOutput(output));
  return {
    instructions: prompt
      .flatMap((message) => (message.role === "system" ? [message.content] : []))
      .join("\n"),
    userMessages: prompt.flatMap((message) => (message.role === "user" ? [userText(message)] : [])),
    findings,
    calledDay: callsIn(answering)
      .map(({ input }) => dayIn(input))
      .find((day) => day !== undefined),
  };
}

/** What a tool's output says, as lines of text: items of a list one a line, names set in bold. */
export function findingFromOutput(output: LanguageModelV4ToolResultOutput): Finding {
  switch (output.type) {
    case "text":
      return foundIn(linesFromText(output.value));
    case "json":
      return foundIn(linesFromJson(output.value));
    case "content":
      return foundIn(output.value.flatMap((part) => (part.type === "text" ? linesFromText(part.text) : [])));
    case "error-text":
    case "error-json":
    case "execution-denied":
      return { kind: "unavailable" };
  }
}

function foundIn(lines: readonly string[]): Finding {
  const kept = lines.filter((line) => line !== "").slice(0, MAXIMUM_FINDING_LINES);
  if (kept.length === 0) return { kind: "unavailable" };
  return { kind: "found", lines: kept.map((line) => line.slice(0, MAXIMUM_LINE_CHARACTERS).toWellFormed()) };
}

function linesFromText(text: string): readonly string[] {
  return text.split(/[\r\n]+/u).map((line) => line.replace(/^\s*(?:[-*•#]+|\d+[.)])\s*/u, "").trim());
}

function linesFromJson(value: JSONValue | undefined): readonly string[] {
  if (isList(value)) return value.map(sentenceFromJson);
  if (typeof value !== "object" || value === null) return linesFromText(textFromJson(value));
  const list = Object.values(value).find((field) => isList(field) && field.length > 0);
  if (list === undefined) return [sentenceFromJson(value)];
  const note = textFromJson(value["note"]);
  return note === "" ? linesFromJson(list) : [...linesFromJson(list), `_${note}_`];
}

/** "**Gion Matsuri** — Yasaka Shrine — processions of floats" */
function sentenceFromJson(value: JSONValue): string {
  if (isList(value)) return value.map(sentenceFromJson).join(", ");
  if (typeof value !== "object" || value === null) return textFromJson(value);
  const { name, title, summary, ...others } = value;
  if (typeof summary === "string") return summary;
  const heading = textFromJson(name ?? title);
  if (heading === "") return namedValues(others);
  return [`**${heading}**`, ...Object.values(others).map(textFromJson)]
    .filter((text) => text !== "")
    .join(" — ");
}

function namedValues(fields: JSONObject): string {
  return Object.entries(fields)
    .map(([name, value]) => [name, textFromJson(value)])
    .filter(([, text]) => text !== "")
    .map((pair) => pair.join(": "))
    .join(", ");
}

/** The text of a plain value; nothing for null, lists and objects. */
function textFromJson(value: JSONValue | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value).trim()
    : "";
}

// Array.isArray does not narrow readonly arrays.
function isList(value: JSONValue | undefined): value is readonly JSONValue[] {
  return Array.isArray(value);
}

interface Call {
  readonly toolName: string;
  readonly input: unknown;
}

function callsIn(messages: LanguageModelV4Prompt): readonly Call[] {
  return messages.flatMap((message) =>
    message.role === "assistant" ? message.content.filter((part) => part.type === "tool-call") : [],
  );
}

function resultsIn(messages: LanguageModelV4Prompt): readonly LanguageModelV4ToolResultPart[] {
  return messages.flatMap((message) =>
    message.role === "assistant" || message.role === "tool"
      ? message.content.filter((part) => part.type === "tool-result")
      : [],
  );
}

function userText(message: LanguageModelV4Message & { readonly role: "user" }): string {
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

function dayIn(input: unknown): CalendarDay | undefined {
  if (typeof input !== "object" || input === null || !("date" in input)) return undefined;
  return typeof input.date === "string" && isCalendarDay(input.date) ? input.date : undefined;
}
