import { cursorOf, isRunEnd } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import { errorOf, eventToJson, resetToJson } from "./entry-json.ts";
import { projectionName } from "./projection.ts";
import type { Projection, ProjectionOptions } from "./projection.ts";

/** A JSON object a line, each with `cursor` and `event`; the same events as over SSE, and `heartbeat` in between. */
export function createNdjsonProjection(options: ProjectionOptions): Projection {
  return {
    name: projectionName("ndjson", options),
    contentType: "application/x-ndjson",
    prologue: "",
    frame: options.everything
      ? (event) => encodeLine({ event: event.type, ...eventToJson(event) })
      : (event, last) => textFrame(event, last || options.eachRun),
    heartbeat: encodeLine({ event: "heartbeat" }),
    end: encodeLine({ event: "end" }),
  };
}

function textFrame(event: LogEvent, done: boolean): string {
  const cursor = cursorOf(event);
  if (event.type === "text-delta") return encodeLine({ event: "message", cursor, text: event.delta });
  if (event.type === "step-reset") return encodeLine({ event: "step-reset", cursor, ...resetToJson(event) });
  if (event.type === "run-failed") return encodeLine({ event: "error", cursor, ...errorOf(event) });
  return isRunEnd(event) && done ? encodeLine({ event: "done", cursor }) : "";
}

function encodeLine(line: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(line)}\n`;
}
