import { daysAfter, isCalendarDay, nextWeekday } from "./calendar-day.ts";
import type { CalendarDay } from "./calendar-day.ts";

/** How far ahead a trip begins when nothing says otherwise. */
export const DEFAULT_LEAD_DAYS = 14;

/** The first day that a text asks for, as seen from `today`, or `undefined` when it does not say. */
export function startDayFromText(text: string, today: CalendarDay): CalendarDay | undefined {
  return isoDay(text) ?? namedDay(text, today) ?? relativeDay(text, today);
}

/** The first day when nobody said when: some days ahead, a Saturday for a weekend. */
export function defaultStartDay(text: string, today: CalendarDay): CalendarDay {
  const ahead = daysAfter(today, DEFAULT_LEAD_DAYS);
  return /\bweekend\b/iu.test(text) ? nextWeekday(daysAfter(ahead, -1), SATURDAY) : ahead;
}

const MONDAY = 1;
const SATURDAY = 6;

function isoDay(text: string): CalendarDay | undefined {
  return [...text.matchAll(/\b\d{4}-\d{2}-\d{2}\b/gu)].map((match) => match[0]).find(isCalendarDay);
}

/** "on 12 May", "May 12th", "in October": the next time that this day comes. */
function namedDay(text: string, today: CalendarDay): CalendarDay | undefined {
  const match =
    new RegExp(String.raw`\b(?<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?<month>${MONTH})\b`, "iu").exec(
      text,
    ) ??
    new RegExp(String.raw`\b(?<month>${MONTH})\s+(?<day>\d{1,2})(?:st|nd|rd|th)?\b`, "iu").exec(text) ??
    new RegExp(
      String.raw`\b(?:in|during|early|late|mid|this|next|from|starting)[\s-]+(?<month>${MONTH})\b`,
      "iu",
    ).exec(text);
  const month = MONTHS.indexOf((match?.groups?.["month"] ?? "").slice(0, 3).toLowerCase()) + 1;
  if (month === 0) return undefined;
  const monthAndDay = `${twoDigits(month)}-${twoDigits(Number(match?.groups?.["day"] ?? 1))}`;
  const year = Number(today.slice(0, 4));
  return [year, year + 1]
    .map((each) => `${each}-${monthAndDay}`)
    .find((day) => isCalendarDay(day) && day >= today);
}

function relativeDay(text: string, today: CalendarDay): CalendarDay | undefined {
  return RELATIVE_DAYS.find(({ pattern }) => pattern.test(text))?.day(today);
}

function firstOfNextMonth(today: CalendarDay): CalendarDay {
  return daysAfter(`${today.slice(0, "YYYY-MM".length)}-01`, 31).slice(0, "YYYY-MM".length) + "-01";
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec";

const RELATIVE_DAYS: readonly {
  readonly pattern: RegExp;
  readonly day: (today: CalendarDay) => CalendarDay;
}[] = [
  { pattern: /\bday after tomorrow\b/iu, day: (today) => daysAfter(today, 2) },
  { pattern: /\btomorrow\b/iu, day: (today) => daysAfter(today, 1) },
  { pattern: /\b(?:today|tonight|right now)\b/iu, day: (today) => today },
  { pattern: /\bthis (?:coming )?weekend\b/iu, day: (today) => nextWeekday(daysAfter(today, -1), SATURDAY) },
  { pattern: /\bnext weekend\b/iu, day: (today) => nextWeekday(nextWeekday(today, MONDAY), SATURDAY) },
  { pattern: /\bnext week\b/iu, day: (today) => nextWeekday(today, MONDAY) },
  { pattern: /\bin (?:a|one) week\b/iu, day: (today) => daysAfter(today, 7) },
  { pattern: /\bin (?:two|2) weeks\b/iu, day: (today) => daysAfter(today, 14) },
  { pattern: /\b(?:next month|in (?:a|one) month)\b/iu, day: firstOfNextMonth },
];
