import { isRunEnd } from "../core/index.ts";
import { errorOf, eventToJson, resetToJson } from "./entry-json.ts";
import type { ProjectedEntry, Projection, ProjectionOptions } from "./projection.ts";

/** A JSON object a line, each with `cursor` and `event`; the same events as over SSE, and `heartbeat` in between. */
export function createNdjsonProjection(options: ProjectionOptions): Projection {
  const lineOf = options.everything ? fullLine : (entry: ProjectedEntry) => textLine(entry, options);
  return {
    contentType: "application/x-ndjson",
    frames: (entries) =>
      entries
        .flatMap((entry) => lineOf(entry) ?? [])
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    heartbeat: `${JSON.stringify({ event: "heartbeat" })}\n`,
    end: `${JSON.stringify({ event: "end" })}\n`,
  };
}

type Line = Readonly<Record<string, unknown>>;

function fullLine({ event }: ProjectedEntry): Line {
  return { event: event.type, ...eventToJson(event) };
}

function textLine({ event, cursor, last }: ProjectedEntry, options: ProjectionOptions): Line | undefined {
  if (event.type === "text-delta") return { event: "message", cursor, text: event.delta };
  if (event.type === "step-reset") return { event: "step-reset", cursor, ...resetToJson(event) };
  if (event.type === "run-failed") return { event: "error", cursor, ...errorOf(event) };
  if (isRunEnd(event) && (last || options.eachRun)) return { event: "done", cursor };
  return undefined;
}
