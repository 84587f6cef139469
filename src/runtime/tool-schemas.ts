import type { JsonValue } from "../core/index.ts";
import type { Tool, ToolDescription } from "../ports/index.ts";

/** How the schemas of tools are read; given from outside, so that the runtime knows no schema library. */
export interface ToolSchemas {
  describe(tools: Readonly<Record<string, Tool>>): Promise<readonly ToolDescription[]>;
  validate(tool: Tool, input: JsonValue): Promise<ValidatedInput>;
}

export type ValidatedInput =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };
