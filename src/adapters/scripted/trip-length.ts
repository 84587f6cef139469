/** The longest plan that is written; a longer request is planned up to here, and the plan says so. */
export const MAXIMUM_TRIP_DAYS = 14;

/** The length of a trip when nothing says otherwise. */
export const DEFAULT_TRIP_DAYS = 3;

/** How many days a text asks for, before any limit, or `undefined` when it does not say. */
export function tripDaysFromText(text: string): number | undefined {
  for (const { pattern, days } of LENGTHS) {
    const match = pattern.exec(text);
    if (match !== null) return days(numberFromWord(match[1] ?? ""));
  }
  return undefined;
}

function numberFromWord(word: string): number {
  const lower = word.toLowerCase();
  return lower === "" ? 1 : (NUMBER_WORDS[lower] ?? Number(lower));
}

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  couple: 2,
  few: 3,
};

const COUNT = String.raw`\b(\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty|thirty|couple|few)(?:\s+of)?[\s-]+(?:(?:full|whole|more)\s+)?`;

interface Length {
  readonly pattern: RegExp;
  readonly days: (count: number) => number;
}

// Exact counts before vague ones: "a 3-day weekend" is three days. "in two weeks" says when, not how long.
const LENGTHS: readonly Length[] = [
  { pattern: new RegExp(String.raw`${COUNT}days?\b`, "iu"), days: (count) => count },
  { pattern: /\b(\d{1,3})d\b/iu, days: (count) => count },
  { pattern: new RegExp(String.raw`${COUNT}nights?\b`, "iu"), days: (count) => count + 1 },
  {
    pattern: new RegExp(String.raw`(?<!\bin\s+(?:a\s+)?)${COUNT}weeks?\b`, "iu"),
    days: (count) => count * 7,
  },
  { pattern: /\blong\s+weekend\b/iu, days: () => 3 },
  { pattern: /\bweekend\b/iu, days: () => 2 },
  { pattern: /\bfortnight\b/iu, days: () => 14 },
  { pattern: /(?<!\bin\s+)\b(a)[\s-]+(?:full\s+|whole\s+)?week\b|\bweek-?long\b/iu, days: () => 7 },
  { pattern: /\bfor\s+(?:a|one)\s+month\b/iu, days: () => 30 },
  { pattern: /\ba\s+day\s+(?:in|at|trip)\b|\bday\s+trip\b/iu, days: () => 1 },
];
