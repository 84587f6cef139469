import { isRunEnd } from "../core/index.ts";
import { encodeSseEvent, SSE_END, SSE_HEARTBEAT } from "../protocol/index.ts";
import type { SseEvent } from "../protocol/index.ts";
import { errorOf, eventToJson, resetToJson } from "./entry-json.ts";
import type { ProjectedEntry, Projection, ProjectionOptions } from "./projection.ts";

/** How long a client waits before it reconnects, in milliseconds. */
export const RECONNECT_MS = 1000;

/**
 * Server-sent events. By default `message` (text), `step-reset`, `error` and `done`; with `everything` an event of each
 * entry's own type, with JSON data. Every event carries its cursor as `id`.
 */
export function createSseProjection(options: ProjectionOptions): Projection {
  let first = true;
  const eventOf = options.everything ? fullEvent : (entry: ProjectedEntry) => textEvent(entry, options);
  return {
    contentType: "text/event-stream",
    frames(entries) {
      let frames = "";
      for (const entry of entries) {
        const event = eventOf(entry);
        if (!event) continue;
        frames += encodeSseEvent(first ? { ...event, retry: RECONNECT_MS } : event);
        first = false;
      }
      return frames;
    },
    heartbeat: SSE_HEARTBEAT,
    end: SSE_END,
  };
}

function fullEvent({ event, cursor }: ProjectedEntry): SseEvent {
  return { id: cursor, event: event.type, data: JSON.stringify(eventToJson(event)) };
}

function textEvent(
  { event, cursor: id, last }: ProjectedEntry,
  options: ProjectionOptions,
): SseEvent | undefined {
  if (event.type === "text-delta") return { id, event: "message", data: event.delta };
  if (event.type === "step-reset")
    return { id, event: "step-reset", data: JSON.stringify(resetToJson(event)) };
  if (event.type === "run-failed") return { id, event: "error", data: JSON.stringify(errorOf(event)) };
  if (isRunEnd(event) && (last || options.eachRun)) return { id, event: "done", data: "[DONE]" };
  return undefined;
}
