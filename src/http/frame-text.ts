import type { LogEvent } from "../core/index.ts";
import type { Projection } from "../projections/index.ts";
import type { ReadEntries } from "../runtime/index.ts";

/** What entries look like in a format. */
export function frameText({ frame, end }: Projection, { events, ended }: ReadEntries): string {
  let text = "";
  const last = events.length - 1;
  for (let index = 0; index <= last; index++) {
    const event = events[index];
    if (event) text += frame(event, ended && index === last);
  }
  return ended ? text + end : text;
}

interface Made {
  events: readonly LogEvent[];
  ended: boolean;
  text: string;
}

/** What was made last, by the projection's name: projections of one name make the same of the same entries. */
const lastMade = new Map<string, Made>();

/**
 * The same, made once for all readers who are given the same entries: those of a conversation are given them in one turn,
 * one after the other, so that it is enough to remember the last.
 */
export function sharedFrameText(projection: Projection, entries: ReadEntries): string {
  const { events, ended } = entries;
  const made = lastMade.get(projection.name);
  if (made?.events === events && made.ended === ended) return made.text;
  const text = frameText(projection, entries);
  if (!made) {
    lastMade.set(projection.name, { events, ended, text });
    return text;
  }
  made.events = events;
  made.ended = ended;
  made.text = text;
  return text;
}
