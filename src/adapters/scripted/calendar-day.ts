/** A day of the calendar as `YYYY-MM-DD`, without a time zone. */
export type CalendarDay = string;

/** The UTC day of an instant. */
export function dayOf(instant: Date): CalendarDay {
  return instant.toISOString().slice(0, "YYYY-MM-DD".length);
}

/** The day so many days later, or earlier for a negative count. */
export function daysAfter(day: CalendarDay, count: number): CalendarDay {
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + count);
  return dayOf(instant);
}

/** The first such day of the week (0 is Sunday) that is later than the given day. */
export function nextWeekday(day: CalendarDay, weekday: number): CalendarDay {
  const from = new Date(`${day}T00:00:00Z`).getUTCDay();
  return daysAfter(day, ((weekday - from + 6) % 7) + 1);
}

/** True for a day that exists: not for `2026-02-30`, not for `tomorrow`. */
export function isCalendarDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return false;
  const instant = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && dayOf(instant) === text;
}

/** The day as people write it: `Friday, May 1`. */
export function longDay(day: CalendarDay): string {
  return LONG_DAY.format(new Date(`${day}T00:00:00Z`));
}

const LONG_DAY = new Intl.DateTimeFormat("en-US", {
  weekday: "long",
  month: "long",
  day: "numeric",
  timeZone: "UTC",
});
