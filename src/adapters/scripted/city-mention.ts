import { CITY_GUIDES } from "./city-guide.ts";
import type { CityGuide } from "./city-guide.ts";

/** A known city named in a text. */
export interface CityMention {
  readonly city: CityGuide;
  /** What the text says before the name, without accents. */
  readonly before: string;
}

/** Every known city named in a text by its whole name or an alias, in the order of the text; accents do not matter. */
export function cityMentions(text: string): readonly CityMention[] {
  const plain = withoutAccents(text);
  return [...plain.matchAll(NAMES)].flatMap((match) => {
    const city = CITY_BY_NAME.get(match[0].toLowerCase().replaceAll(/\s+/gu, " "));
    return city === undefined ? [] : [{ city, before: plain.slice(0, match.index).trimEnd() }];
  });
}

/** The first known city that a text names, or `undefined`. */
export function cityNamedIn(text: string): CityGuide | undefined {
  return cityMentions(text)[0]?.city;
}

function withoutAccents(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{Diacritic}/gu, "");
}

const CITY_BY_NAME: ReadonlyMap<string, CityGuide> = new Map(
  CITY_GUIDES.flatMap((city) =>
    [withoutAccents(city.name).toLowerCase(), ...city.aliases].map((name) => [name, city] as const),
  ),
);

const NAMES = new RegExp(
  // Longest first, so that "new york city" is not read as "new york".
  `(?<!\\p{L})(?:${[...CITY_BY_NAME.keys()]
    .toSorted((one, other) => other.length - one.length)
    .map((name) => name.replaceAll(" ", "\\s+"))
    .join("|")})(?!\\p{L})`,
  "giu",
);
