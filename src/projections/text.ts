import { isRunEnd } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import type { Projection } from "./projection.ts";

/**
 * Plain text for people at a terminal: the answer as it comes, a final newline, `[Error: …]` where a run failed, and a
 * line that says so where text is withdrawn. It has no cursor in it, and what was shown cannot be taken back.
 */
export function createTextProjection(): Projection {
  return {
    name: "text",
    contentType: "text/plain; charset=utf-8",
    prologue: "",
    frame: textFrame,
    heartbeat: undefined,
    end: "",
  };
}

/** What the reader is told instead of the text that a reset withdraws. */
export const RESTARTED = "\n[The answer was interrupted; this part of it begins again:]\n";

function textFrame(event: LogEvent): string {
  if (event.type === "text-delta") return event.delta;
  if (event.type === "step-reset") return event.withdrawsText === true ? RESTARTED : "";
  if (event.type === "run-failed") return `\n[Error: ${event.message}]\n`;
  return isRunEnd(event) ? "\n" : "";
}
