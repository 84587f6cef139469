import { compareCursors, cursorOf, parseCursor, START } from "../../src/core/index.ts";
import type { Cursor } from "../../src/core/index.ts";
import { createSseProjection } from "../../src/projections/index.ts";
import { isShown } from "../../src/runtime/open-reading.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { voidedBy } from "./generated-log.ts";
import type { GeneratedLog } from "./generated-log.ts";

/** What goes wrong with one connection. */
export type Fault =
  | "none"
  | "refused"
  | "http-503"
  | "http-429"
  | "not-a-stream"
  | "cut"
  | "clean-end"
  | "silence"
  | "duplicates"
  | "hole"
  | "garbled"
  | "delay";

export const FAULTS: readonly Fault[] = [
  "none",
  "refused",
  "http-503",
  "http-429",
  "not-a-stream",
  "cut",
  "clean-end",
  "silence",
  "duplicates",
  "hole",
  "garbled",
  "delay",
];

export interface ReplayingTransport {
  readonly fetch: typeof fetch;
  readonly connections: number;
}

/**
 * A server that has no sockets: it replays a log as the real one would show it to a reader that comes now, while the log
 * still grows, and spoils one connection after the other as it was told; the last is left in peace.
 */
export function replayingTransport(
  { events }: GeneratedLog,
  faults: readonly Fault[],
  random: SeededRandom,
): ReplayingTransport {
  const projection = createSseProjection({ everything: true, eachRun: false });
  let connections = 0;
  /** How much of the log there is. */
  let written = 0;

  function respond(after: Cursor, fault: Fault): Response {
    written = random.between(Math.min(written + 1, events.length), events.length);
    const known = events.slice(0, written);
    const tip = known.at(-1);
    const settled = written === events.length;
    if (settled && tip && cursorOf(tip) === after) return new Response(null, { status: 204 });
    const opening = {
      start: after,
      everything: true,
      conversation: { tip: tip ? cursorOf(tip) : START, voided: voidedBy(known) },
    };
    let shown = events.filter(
      (event) => compareCursors(cursorOf(event), after) > 0 && isShown(event, opening),
    );
    if (fault === "duplicates") {
      shown = shown.flatMap((event, index) => [...(random.chance(0.5) ? shown.slice(0, index) : []), event]);
    }
    if (fault === "hole" && shown.length > 1) shown = shown.toSpliced(random.between(0, shown.length - 2), 1);
    let text = projection.prologue + shown.map((event) => projection.frame(event, false)).join("");
    if (fault === "garbled")
      text = text.replace(/data: \{/g, (brace) => (random.chance(0.2) ? "data: {{" : brace));
    if (random.chance(0.5))
      text = text.replaceAll("\n\nid", () => (random.chance(0.3) ? "\n\n: hb\nid" : "\n\nid"));
    const whole = new TextEncoder().encode(text + projection.end);
    const broken = fault === "cut" || fault === "clean-end" || fault === "silence";
    // Never the whole end: that would be no fault.
    const bytes = broken ? whole.slice(0, random.between(0, whole.length - 1)) : whole;
    return streamOf(bytes, fault);
  }

  function streamOf(bytes: Uint8Array, fault: Fault): Response {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (fault === "delay") await new Promise((resolve) => setTimeout(resolve, random.between(0, 3)));
        if (sent < bytes.length) {
          const size = random.between(1, random.chance(0.5) ? 7 : 4000);
          controller.enqueue(bytes.slice(sent, sent + size));
          sent += size;
        } else if (fault === "silence") {
          await new Promise(() => undefined);
        } else if (fault === "cut") {
          controller.error(new TypeError("terminated"));
        } else {
          controller.close();
        }
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  return {
    get connections() {
      return connections;
    },
    async fetch(_input, init) {
      const fault = faults[connections] ?? "none";
      connections += 1;
      await Promise.resolve();
      const cursor = new Headers(init?.headers).get("last-event-id");
      if (fault === "refused") throw new TypeError("fetch failed");
      if (fault === "http-503") {
        return Response.json({ error: { code: "shutting_down", message: "Later." } }, { status: 503 });
      }
      if (fault === "http-429") return new Response("busy", { status: 429, headers: { "retry-after": "0" } });
      if (fault === "not-a-stream") {
        return new Response("<html>Log in to this Wi-Fi</html>", {
          headers: { "content-type": "text/html" },
        });
      }
      return respond(cursor === null ? START : parseCursor(cursor), fault);
    },
  };
}
