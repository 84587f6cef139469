import type { CalendarDay } from "./calendar-day.ts";
import { destinationFromText } from "./destination.ts";
import { interestsFromText } from "./interests.ts";
import type { Interest } from "./interests.ts";
import { defaultStartDay, startDayFromText } from "./start-day.ts";
import { DEFAULT_TRIP_DAYS, MAXIMUM_TRIP_DAYS, tripDaysFromText } from "./trip-length.ts";

/** A trip that can be planned. */
export interface TripRequest {
  readonly destination: string;
  /** Between 1 and `MAXIMUM_TRIP_DAYS`. */
  readonly days: number;
  /** What was asked for, before the limit. */
  readonly requestedDays: number;
  readonly startDay: CalendarDay;
  readonly interests: readonly Interest[];
}

/** What the latest message of a conversation wants, read in the light of the earlier ones. */
export type TripReading =
  | { readonly kind: "trip"; readonly trip: TripRequest }
  | { readonly kind: "destination-missing"; readonly requestedDays: number | undefined }
  | { readonly kind: "not-travel" };

/** How much of a message is read, from its beginning, in characters. */
export const MAXIMUM_READ_CHARACTERS = 4_000;

/** How many of the latest messages are read. */
export const MAXIMUM_READ_MESSAGES = 50;

/**
 * Reads what the user wants from the user's messages, oldest first. Later messages change what earlier ones
 * said: after a plan for Tokyo, "make it 5 days" is a five-day trip to Tokyo.
 *
 * @example tripFromMessages(["Plan a weekend in Paris"], "2026-05-01") // a trip of 2 days, from a Saturday on
 */
export function tripFromMessages(messages: readonly string[], today: CalendarDay): TripReading {
  let known: Known = NOTHING_KNOWN;
  let reading: TripReading = { kind: "not-travel" };
  for (const message of messages.slice(-MAXIMUM_READ_MESSAGES)) {
    const text = message.slice(0, MAXIMUM_READ_CHARACTERS);
    const heard = hear(text, today, reading.kind === "destination-missing");
    known = recall(known, heard);
    reading = readingOf(known, heard, text, today);
  }
  return reading;
}

/** What one message says; a missing field was not said. */
interface Heard {
  readonly destination?: string | undefined;
  readonly requestedDays?: number | undefined;
  readonly startDay?: CalendarDay | undefined;
  readonly interests: readonly Interest[];
  /** It speaks of travelling at all. */
  readonly travel: boolean;
  /** It turns down the place that was meant so far. */
  readonly elsewhere: boolean;
}

type Known = Pick<Heard, "destination" | "requestedDays" | "startDay" | "interests">;

const NOTHING_KNOWN: Known = { interests: [] };

function hear(text: string, today: CalendarDay, awaitingDestination: boolean): Heard {
  const requestedDays = tripDaysFromText(text);
  const startDay = startDayFromText(text, today);
  const brief = text.trim().split(/\s+/u).length <= BRIEF_WORDS;
  const travel = requestedDays !== undefined || TRAVEL.test(text);
  const speaksOfAPlace = travel || brief || awaitingDestination;
  return {
    destination: speaksOfAPlace ? destinationFromText(text, { alone: awaitingDestination }) : undefined,
    requestedDays,
    startDay,
    interests: interestsFromText(text),
    travel,
    elsewhere: ELSEWHERE.test(text),
  };
}

function recall(known: Known, heard: Heard): Known {
  return {
    destination: heard.destination ?? (heard.elsewhere ? undefined : known.destination),
    requestedDays: heard.requestedDays ?? known.requestedDays,
    startDay: heard.startDay ?? known.startDay,
    interests: [...new Set([...known.interests, ...heard.interests])],
  };
}

function readingOf(known: Known, heard: Heard, text: string, today: CalendarDay): TripReading {
  const changes = heard.startDay !== undefined || heard.interests.length > 0;
  if (
    heard.destination === undefined &&
    !heard.travel &&
    !heard.elsewhere &&
    !(changes && known.destination !== undefined)
  ) {
    return { kind: "not-travel" };
  }
  const { destination, requestedDays } = known;
  if (destination === undefined) return { kind: "destination-missing", requestedDays };
  const asked = requestedDays ?? DEFAULT_TRIP_DAYS;
  return {
    kind: "trip",
    trip: {
      destination,
      days: Math.min(Math.max(asked, 1), MAXIMUM_TRIP_DAYS),
      requestedDays: asked,
      startDay: known.startDay ?? defaultStartDay(text, today),
      interests: known.interests,
    },
  };
}

const BRIEF_WORDS = 4;
const TRAVEL =
  /\b(?:trips?|travel(?:s|l?ing)?|journey|itinerar(?:y|ies)|vacation|holidays?|getaway|honeymoon|weekend|visit(?:ing)?|sightsee(?:ing)?|tour|explore|weather|forecast|events|things to (?:do|see)|fly(?:ing)?|going to|go to|stay in|plan (?:my|our|something|it)|another plan|new plan)\b/iu;
const ELSEWHERE = /\b(?:somewhere else|elsewhere|(?:another|different|other) (?:city|place|destination))\b/iu;
