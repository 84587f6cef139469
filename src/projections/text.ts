import { isRunEnd } from "../core/index.ts";
import type { ProjectedEntry, Projection } from "./projection.ts";

/**
 * Plain text for people at a terminal: the answer as it comes, a final newline, `[Error: …]` where a run failed, and a
 * line that says so where a step begins again. It has no cursor in it, and what was shown cannot be taken back.
 */
export function createTextProjection({ resumed }: { readonly resumed: boolean }): Projection {
  // A reader who resumes may have been shown some of the step in which it does.
  let shownInStep = resumed;
  return {
    contentType: "text/plain; charset=utf-8",
    frames(entries) {
      let text = "";
      for (const entry of entries) {
        const { event } = entry;
        if (event.type === "step-start" || event.type === "step-end") shownInStep = false;
        if (event.type === "text-delta") shownInStep = true;
        text += textOf(entry, shownInStep);
        if (event.type === "step-reset") shownInStep = false;
      }
      return text;
    },
    heartbeat: undefined,
    end: "",
  };
}

/** What the reader is told instead of the text that a reset withdraws. */
export const RESTARTED = "\n[The answer was interrupted; this part of it begins again:]\n";

function textOf({ event }: ProjectedEntry, shownInStep: boolean): string {
  if (event.type === "text-delta") return event.delta;
  if (event.type === "step-reset") return shownInStep ? RESTARTED : "";
  if (event.type === "run-failed") return `\n[Error: ${event.message}]\n`;
  return isRunEnd(event) ? "\n" : "";
}
