import { secureJsonParse } from "@ai-sdk/provider-utils";
import type { JsonValue } from "../../core/index.ts";

/**
 * What a model wrote as a tool's input. Nothing at all means no arguments. What is not JSON is given on as the text
 * that it is: it must not end the run, and the tool's schema will tell the model that a string is not what it takes.
 */
export function parseToolInput(text: string): JsonValue {
  if (text.trim() === "") return {};
  try {
    return secureJsonParse(text) as JsonValue;
  } catch {
    return text; // Not JSON, or JSON that would tamper with prototypes: both are for the tool's schema to refuse.
  }
}
