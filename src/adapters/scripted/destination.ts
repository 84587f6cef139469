import { cityMentions, cityNamedIn } from "./city-mention.ts";

/** The longest name of a place that is taken from a text, in characters. */
export const MAXIMUM_DESTINATION_LENGTH = 80;

/**
 * The place that a text wants to go to, or `undefined` when it names none.
 * A known city comes back under its usual name, any other place as it was written, in title case.
 * `alone` allows the whole text to be a place: the answer to "where to?".
 */
export function destinationFromText(
  text: string,
  { alone }: { readonly alone: boolean },
): string | undefined {
  return (
    placeAfter(text, CERTAIN) ??
    cityMentions(text).find(({ before }) => !NOT_A_GOAL.test(before))?.city.name ??
    placeAfter(text, LIKELY) ??
    placeBeforeLength(text) ??
    placeBeforeTrip(text) ??
    (alone ? placeAlone(text) : undefined)
  );
}

interface Opening {
  readonly pattern: RegExp;
  /** Whether the place must begin with a capital, because the opening also comes before ordinary words. */
  readonly capital: boolean;
}

const CERTAIN: readonly Opening[] = [
  {
    pattern:
      /\b(?:trips?|journey|travel(?:l?ing)?|fly(?:ing)?|flights?|vacation|holidays?|getaway|honeymoon|tour|go(?:ing)?|head(?:ing)?|visit|return|break|weekend|days?|weeks?|nights?|fortnight)\s+(?:to|in|around|through)\s+/giu,
    capital: false,
  },
];

const LIKELY: readonly Opening[] = [
  { pattern: /\b(?:visit(?:ing)?|explor(?:e|ing)|discover(?:ing)?|touring)\s+/giu, capital: true },
  { pattern: /\b(?:itinerary|plan|guide|ideas)\s+for\s+/giu, capital: true },
  { pattern: /\b(?:what about|how about|make it|change (?:it )?to|switch to)\s+/giu, capital: true },
  { pattern: /\b(?:to|in)\s+/giu, capital: true },
];

const NOT_A_GOAL = /\b(?:from|leaving|instead of|not|live in|based in)$/iu;

const LENGTH = String.raw`(?:\d{1,3}|a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen)[\s-]+(?:long\s+)?(?:days?|nights?|weeks?|weekend|fortnight)\b`;

function placeAfter(text: string, openings: readonly Opening[]): string | undefined {
  for (const { pattern, capital } of openings) {
    for (const match of text.matchAll(pattern)) {
      const rest = text.slice(match.index + match[0].length);
      const place = capital && !/^(?:the\s+)?\p{Lu}/u.test(rest) ? undefined : placeAtStart(rest);
      if (place !== undefined) return place;
    }
  }
  return undefined;
}

/** "Rome for five days", "Oslo, 3 days" */
function placeBeforeLength(text: string): string | undefined {
  const match = new RegExp(String.raw`^\s*(.{2,60}?)(?:,|\s+for)?\s+${LENGTH}`, "iu").exec(text);
  const place = match?.[1];
  return place === undefined || place.split(/\s+/u).length > MAXIMUM_WORDS
    ? undefined
    : placeAtStart(place, { whole: true });
}

/** "a Lisbon itinerary", "3-day Oslo trip" */
function placeBeforeTrip(text: string): string | undefined {
  const match =
    /\b(?:an?|my|our|days?|weeks?|weekend)\s+((?:\p{Lu}[\p{L}\p{M}'’.-]*\s+){1,3})(?:trip|itinerary|holiday|vacation|getaway|weekend|break|tour)\b/u.exec(
      text,
    );
  return match?.[1] === undefined ? undefined : placeAtStart(match[1]);
}

function placeAlone(text: string): string | undefined {
  const words = text
    .trim()
    .replace(/^(?:to|in|let's say|maybe|perhaps|how about)\s+/iu, "")
    .replace(/[\s,]*\bplease\b/iu, "");
  return words.split(/\s+/u).length > MAXIMUM_WORDS ? undefined : placeAtStart(words, { whole: true });
}

const MAXIMUM_WORDS = 4;

/** Reads a place off the start of a text: up to a few words, and what follows a comma if it looks like a country. */
function placeAtStart(text: string, { whole = false } = {}): string | undefined {
  const words: string[] = [];
  const tokens = text.replace(/^\s*the\s+/iu, "").match(/[\p{L}\p{M}'’.-]+|,|[^\s]/gu) ?? [];
  for (const [index, token] of tokens.entries()) {
    if (token === "," && isCountry(tokens.slice(index + 1))) {
      words.push(",");
      continue;
    }
    const bare = token.replace(/[.'’-]+$/u, "");
    const ends =
      !/^\p{L}/u.test(bare) || ENDINGS.has(bare.toLowerCase()) || words.length >= MAXIMUM_WORDS + 2;
    if (ends && whole && words.length > 0 && !/^[.!?]$/u.test(token)) return undefined;
    if (ends) break;
    words.push(bare);
    if (bare !== token && !ABBREVIATIONS.has(bare.toLowerCase())) break;
  }
  return placeFromWords(words);
}

function placeFromWords(words: readonly string[]): string | undefined {
  const first = words[0];
  if (first === undefined || NOT_PLACES.has(first.toLowerCase())) return undefined;
  const written = words.join(" ").replaceAll(" ,", ",").slice(0, MAXIMUM_DESTINATION_LENGTH);
  return cityNamedIn(written)?.name ?? titleCase(written);
}

function isCountry(tokens: readonly string[]): boolean {
  const end = tokens.findIndex((token) => !/^\p{L}/u.test(token) || ENDINGS.has(token.toLowerCase()));
  const words = end === -1 ? tokens : tokens.slice(0, end);
  const first = words[0];
  if (first === undefined || words.length > 3 || NOT_PLACES.has(first.toLowerCase())) return false;
  return /^\p{Lu}/u.test(first) ? !/^(?:Include|Including|With|Show|Add|Give)$/u.test(first) : end === -1;
}

function titleCase(text: string): string {
  return text.replaceAll(/(?<![\p{L}'’])\p{Ll}[\p{L}\p{M}]*/gu, (word) =>
    SMALL_WORDS.has(word) ? word : word.charAt(0).toUpperCase() + word.slice(1),
  );
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

const SMALL_WORDS = wordSet("of de da do del la le les los las el du di sur am an der upon and");
const ABBREVIATIONS = wordSet("st mt dr ft");
const CALENDAR =
  "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday spring summer autumn fall winter";
const ENDINGS = wordSet(
  `for in on at next this with and or from starting start during by tomorrow today tonight please including include that which where when to over but as while if because so we i is are would could should instead again then now soon later sometime maybe before after until like without using via trip itinerary vacation holiday getaway ${CALENDAR}`,
);
const NOT_PLACES = wordSet(
  `somewhere anywhere everywhere nowhere me us my our your it that this these there here a an one two three four five six seven eight nine ten twelve plan make give show help tell find write create design want need can could would what how why who hello hi hey thanks thank yes no ok okay sure maybe plan planning do see relax go get be have take visit travel trip beach beaches mountains mountain sea seaside countryside coast some any warm nice good day days week weeks weekend total advance detail all more less fewer another different it's i i'd i'm let let's explain summarize summarise translate ${CALENDAR}`,
);
