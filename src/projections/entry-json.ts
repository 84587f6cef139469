import { cursorOf } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import type { ErrorJson } from "../protocol/index.ts";

type EventOf<Type extends LogEvent["type"]> = Extract<LogEvent, { type: Type }>;

/** An entry as it goes over the wire: as it is stored, with its cursor in the place of its parts. */
export function eventToJson(event: LogEvent): Record<string, unknown> {
  const { v: _version, attempt: _attempt, seq: _seq, ...rest } = event;
  return { cursor: cursorOf(event), ...rest };
}

export function resetToJson({ run, step, from, reason }: EventOf<"step-reset">): Record<string, unknown> {
  return { run, step, from, reason };
}

export function errorOf({ code, message, run }: EventOf<"run-failed">): ErrorJson & { readonly run: number } {
  return { error: { code, message }, run };
}
