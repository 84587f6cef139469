/** A day that exists, as the tools get it from a model. */
export interface CalendarDate {
  /** `YYYY-MM-DD` */
  readonly text: string;
  /** 0 is January. */
  readonly month: number;
  /** "Friday, May 1, 2026" */
  readonly long: string;
}

/** Reads an ISO date. Throws what a model needs to read to do it right the next time. */
export function parseCalendarDate(text: string): CalendarDate {
  const instant = new Date(`${text}T00:00:00Z`);
  const exists = !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(`${text}T`);
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text) || !exists) {
    throw new TypeError(
      `"${text.slice(0, 40)}" is not a date of the calendar. Call again with the date as YYYY-MM-DD, for example 2026-05-17.`,
    );
  }
  return { text, month: instant.getUTCMonth(), long: LONG.format(instant) };
}

const LONG = new Intl.DateTimeFormat("en-US", {
  weekday: "long",
  month: "long",
  day: "numeric",
  year: "numeric",
  timeZone: "UTC",
});
