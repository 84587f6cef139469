import { cursorOf, isRunEnd } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import { encodeSseEvent, encodeSseRetry, SSE_END, SSE_HEARTBEAT } from "../protocol/index.ts";
import { errorOf, eventToJson, resetToJson } from "./entry-json.ts";
import { projectionName } from "./projection.ts";
import type { Projection, ProjectionOptions } from "./projection.ts";

/** How long a client waits before it reconnects, in milliseconds. */
export const RECONNECT_MS = 1000;

/**
 * Server-sent events. By default `message` (text), `step-reset`, `error` and `done`; with `everything` an event of each
 * entry's own type, with JSON data. Every event carries its cursor as `id`.
 */
export function createSseProjection(options: ProjectionOptions): Projection {
  return {
    name: projectionName("sse", options),
    contentType: "text/event-stream",
    prologue: encodeSseRetry(RECONNECT_MS),
    frame: options.everything ? fullFrame : (event, last) => textFrame(event, last || options.eachRun),
    heartbeat: SSE_HEARTBEAT,
    end: SSE_END,
  };
}

function fullFrame(event: LogEvent): string {
  return encodeSseEvent({ id: cursorOf(event), event: event.type, data: JSON.stringify(eventToJson(event)) });
}

function textFrame(event: LogEvent, done: boolean): string {
  if (event.type === "text-delta") {
    return encodeSseEvent({ id: cursorOf(event), event: "message", data: event.delta });
  }
  if (event.type === "step-reset") {
    return encodeSseEvent({
      id: cursorOf(event),
      event: "step-reset",
      data: JSON.stringify(resetToJson(event)),
    });
  }
  if (event.type === "run-failed") {
    return encodeSseEvent({ id: cursorOf(event), event: "error", data: JSON.stringify(errorOf(event)) });
  }
  return isRunEnd(event) && done
    ? encodeSseEvent({ id: cursorOf(event), event: "done", data: "[DONE]" })
    : "";
}
