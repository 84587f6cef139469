import { parseCalendarDate } from "./calendar-date.ts";
import type { CalendarDate } from "./calendar-date.ts";
import { entryForPlace, plain } from "./place-name.ts";

/** A forecast for one place and day. */
export interface WeatherForecast {
  readonly destination: string;
  readonly date: string;
  /** "our climate tables" or, for a place that they do not hold, "typical for the season". */
  readonly basis: "climate tables" | "typical for the season";
  readonly conditions: string;
  readonly highCelsius: number;
  readonly lowCelsius: number;
  readonly precipitationPercent: number;
  readonly advice: string;
  /** All of it in a sentence or two. */
  readonly summary: string;
}

/**
 * The forecast for a place and an ISO date: the month's climate, varied by the date, so that neighbouring days differ
 * and the same day is always the same. It is demo data, not meteorology. Throws a `TypeError` for a date that is none.
 */
export function weatherForecast(destination: string, date: string): WeatherForecast {
  const day = parseCalendarDate(date);
  const known = entryForPlace(CLIMATES, destination);
  const climate = known ?? guessedClimate(destination);
  return forecastFromClimate(destination, day, climate, known !== undefined);
}

/** The places whose climate is known, in lower case. */
export function placesWithClimate(): readonly string[] {
  return Object.keys(CLIMATES);
}

/** Twelve months, January first: usual highs and lows in °C and the share of days with rain or snow in percent. */
interface Climate {
  readonly highs: readonly number[];
  readonly lows: readonly number[];
  readonly wet: readonly number[];
}

function forecastFromClimate(
  destination: string,
  day: CalendarDate,
  climate: Climate,
  known: boolean,
): WeatherForecast {
  const chance = variation(`${plain(destination)} ${day.text}`);
  const wetShare = climate.wet[day.month] ?? 30;
  const isWet = chance.wet * 100 < wetShare;
  const highCelsius = (climate.highs[day.month] ?? 18) + Math.round(chance.warmth * 6 - 3) - (isWet ? 2 : 0);
  const lowCelsius = Math.min(
    (climate.lows[day.month] ?? 10) + Math.round(chance.warmth * 4 - 2),
    highCelsius - 2,
  );
  const conditions = isWet ? wetConditions(highCelsius, chance.strength) : dryConditions(chance.strength);
  const precipitationPercent = Math.round(
    isWet ? 60 + chance.strength * 35 : Math.min(wetShare, 40) * chance.strength,
  );
  const advice = adviceFor(highCelsius, lowCelsius, isWet);
  const basis = known ? "climate tables" : "typical for the season";
  const caveat = known
    ? ""
    : ` There is no forecast for ${destination} itself: this is what is typical for the season there.`;
  const summary = `${conditions} in ${destination} on ${day.long}, ${lowCelsius} to ${highCelsius} °C, ${precipitationPercent}% chance of precipitation. ${advice}${caveat}`;
  return {
    destination,
    date: day.text,
    basis,
    conditions,
    highCelsius,
    lowCelsius,
    precipitationPercent,
    advice,
    summary,
  };
}

function wetConditions(high: number, strength: number): string {
  if (high <= 1) return strength > 0.6 ? "Steady snow" : "Light snow";
  if (high >= 28) return strength > 0.5 ? "An afternoon thunderstorm" : "Warm showers";
  return strength > 0.7 ? "Steady rain" : strength > 0.35 ? "Passing showers" : "Light rain";
}

function dryConditions(strength: number): string {
  return strength > 0.75 ? "Cloudy but dry" : strength > 0.4 ? "Partly sunny" : "Clear and sunny";
}

function adviceFor(high: number, low: number, isWet: boolean): string {
  const clothes =
    high >= 30
      ? "Rest at noon, drink plenty and wear a hat."
      : high >= 20
        ? "Light clothes will do, with a layer for the evening."
        : high >= 10
          ? "Bring a jacket and something warm for the evening."
          : low >= 0
            ? "Dress warmly, in layers."
            : "Bring a winter coat, gloves and shoes with grip.";
  return isWet ? `${clothes} Take an umbrella.` : clothes;
}

/** A guess from what the name says of the hemisphere and the tropics; north of them if it says nothing. */
function guessedClimate(destination: string): Climate {
  const name = plain(destination);
  if (TROPICAL.test(name)) return TROPICS;
  return SOUTHERN.test(name) ? SOUTHERN_TEMPERATE : NORTHERN_TEMPERATE;
}

interface Variation {
  readonly warmth: number;
  readonly wet: number;
  readonly strength: number;
}

/** Three numbers from 0 to 1 that a text always gives. */
function variation(text: string): Variation {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  const next = (): number => {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
  };
  return { warmth: next(), wet: next(), strength: next() };
}

const SOUTHERN =
  /\b(?:australia|new zealand|argentina|chile|uruguay|paraguay|south africa|namibia|botswana|lesotho|patagonia|tasmania|melbourne|perth|brisbane|adelaide|auckland|wellington|queenstown|buenos aires|santiago|montevideo|johannesburg|durban)\b/u;
const TROPICAL =
  /\b(?:indonesia|bali|jakarta|malaysia|kuala lumpur|philippines|manila|vietnam|hanoi|saigon|cambodia|laos|sri lanka|maldives|kenya|nairobi|tanzania|zanzibar|ghana|nigeria|lagos|ecuador|costa rica|panama|cuba|havana|jamaica|dominican republic|hawaii|honolulu|fiji|seychelles|mauritius|colombia|cartagena|venezuela|goa|kerala)\b/u;

function months(highs: string, lows: string, wet: string): Climate {
  return { highs: numbersIn(highs), lows: numbersIn(lows), wet: numbersIn(wet) };
}

function numbersIn(text: string): readonly number[] {
  return text.split(" ").map(Number);
}

const NORTHERN_TEMPERATE = months(
  "5 7 11 16 20 24 26 26 21 16 10 6",
  "-1 0 3 6 10 13 15 15 12 8 3 0",
  "35 32 32 32 34 34 32 32 32 34 37 37",
);
const SOUTHERN_TEMPERATE = months(
  "26 26 24 20 17 14 13 15 18 20 23 25",
  "16 16 14 11 9 7 6 7 8 10 12 14",
  "28 26 28 30 35 38 38 36 34 32 30 28",
);
const TROPICS = months(
  "31 31 32 32 32 31 30 30 30 31 31 31",
  "23 23 24 24 24 24 23 23 23 23 23 23",
  "45 42 42 45 48 45 42 42 45 50 52 50",
);

const CLIMATES: Readonly<Record<string, Climate>> = {
  tokyo: months(
    "10 11 14 19 23 26 30 31 27 22 17 12",
    "1 2 5 10 15 19 23 24 21 15 9 4",
    "17 22 32 35 35 42 38 30 40 35 27 17",
  ),
  kyoto: months(
    "9 10 14 20 25 28 32 34 29 23 17 11",
    "1 1 4 9 14 19 23 25 20 14 8 3",
    "28 30 35 35 35 42 42 30 37 29 26 28",
  ),
  paris: months(
    "7 8 13 16 20 23 26 26 21 16 11 8",
    "3 3 5 7 11 14 16 16 12 10 6 3",
    "34 32 32 30 32 28 26 26 26 31 33 36",
  ),
  london: months(
    "8 9 11 14 18 21 24 23 20 15 11 9",
    "2 2 4 5 8 11 14 14 11 8 5 3",
    "37 33 32 32 30 28 26 27 28 34 36 36",
  ),
  "new york": months(
    "4 6 10 17 22 27 30 29 25 18 12 7",
    "-3 -2 2 8 13 18 21 21 17 11 5 0",
    "35 34 35 37 36 36 33 31 28 28 30 35",
  ),
  rome: months(
    "12 13 16 19 24 28 31 32 27 22 17 13",
    "3 3 6 8 12 16 19 19 16 12 7 4",
    "24 25 24 27 19 13 7 9 19 26 33 28",
  ),
  barcelona: months(
    "14 15 17 19 22 26 29 29 26 22 18 15",
    "5 6 8 10 14 18 21 21 18 14 9 6",
    "16 16 17 20 18 13 8 15 19 21 18 17",
  ),
  amsterdam: months(
    "6 7 10 14 18 20 22 22 19 15 10 7",
    "1 1 3 5 9 11 13 13 11 8 4 2",
    "40 36 36 30 31 31 34 35 37 41 44 43",
  ),
  berlin: months(
    "3 5 9 15 20 23 25 25 20 14 8 4",
    "-2 -1 1 5 9 13 15 15 11 7 3 -1",
    "35 31 32 28 31 32 31 29 28 29 33 37",
  ),
  lisbon: months(
    "15 16 19 20 22 26 28 29 27 23 18 15",
    "8 9 11 12 14 16 18 18 17 15 11 9",
    "33 33 26 28 19 8 4 4 13 27 33 36",
  ),
  vienna: months(
    "4 6 11 17 21 25 27 27 21 15 9 4",
    "-1 0 3 7 11 15 16 16 12 8 3 0",
    "27 27 28 25 30 31 31 27 24 21 26 28",
  ),
  prague: months(
    "2 4 9 15 19 22 25 25 19 14 7 3",
    "-4 -3 0 3 8 11 13 13 9 5 1 -2",
    "31 28 29 27 34 35 34 31 28 26 30 32",
  ),
  istanbul: months(
    "9 9 12 16 21 26 29 29 25 20 15 11",
    "4 4 5 9 13 18 20 21 17 14 9 6",
    "52 49 42 33 22 18 11 12 20 35 42 54",
  ),
  athens: months(
    "13 14 17 20 26 31 34 34 29 24 19 15",
    "6 6 8 11 16 20 23 23 19 15 11 8",
    "29 28 24 21 13 8 4 4 9 18 26 32",
  ),
  dubai: months(
    "24 26 29 33 38 40 41 42 39 36 30 26",
    "15 16 18 22 26 28 31 31 28 24 20 16",
    "8 10 10 5 2 1 1 1 1 2 4 7",
  ),
  singapore: months(
    "30 31 32 32 32 31 31 31 31 31 31 30",
    "24 24 25 25 26 26 25 25 25 25 24 24",
    "45 35 43 48 46 43 44 45 44 49 61 60",
  ),
  bangkok: months(
    "32 33 34 35 34 33 33 33 33 33 32 32",
    "22 24 26 27 26 26 26 26 25 25 24 22",
    "6 8 11 21 48 51 53 57 65 54 20 6",
  ),
  seoul: months(
    "2 5 11 18 24 28 29 30 26 20 12 4",
    "-5 -3 2 8 13 19 22 23 17 10 3 -3",
    "19 18 23 26 27 32 52 46 29 20 27 24",
  ),
  sydney: months(
    "27 27 25 23 20 18 17 19 21 23 24 26",
    "20 20 18 15 12 10 9 10 12 14 16 18",
    "38 40 42 36 35 36 32 28 29 33 37 35",
  ),
  "san francisco": months(
    "14 16 17 18 18 20 20 21 22 21 17 14",
    "8 9 9 10 11 12 12 13 13 12 10 8",
    "35 34 32 21 11 5 2 2 4 11 25 35",
  ),
  "mexico city": months(
    "22 24 26 27 27 25 24 24 23 23 23 22",
    "7 8 10 12 13 14 13 13 13 11 9 7",
    "7 8 13 24 44 62 72 70 64 36 14 7",
  ),
  "cape town": months(
    "27 27 26 23 20 18 18 18 20 22 24 26",
    "17 17 15 13 10 9 8 8 10 12 14 16",
    "15 14 15 25 34 37 36 38 31 23 16 17",
  ),
  "rio de janeiro": months(
    "30 31 30 28 26 25 25 26 26 27 28 29",
    "24 24 23 22 20 19 19 19 20 21 22 23",
    "38 34 37 31 25 20 18 17 29 33 35 41",
  ),
  reykjavik: months(
    "3 3 4 7 10 13 15 14 11 7 5 3",
    "-2 -2 -2 1 4 7 9 8 6 3 0 -2",
    "44 45 46 41 34 35 33 38 42 46 43 46",
  ),
};
