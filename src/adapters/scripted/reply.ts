import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { dayOf, daysAfter } from "./calendar-day.ts";
import { guideToUnknownPlace } from "./city-guide.ts";
import { cityNamedIn } from "./city-mention.ts";
import { areaOnDay, itineraryFromTrip } from "./itinerary.ts";
import { sampleFromSchema } from "./sample-json.ts";
import type { SampleFacts } from "./sample-json.ts";
import { tripFromMessages } from "./trip-request.ts";
import type { TripReading, TripRequest } from "./trip-request.ts";
import { turnFromPrompt } from "./turn.ts";
import type { Turn } from "./turn.ts";

/** The tools that the planner knows how to use; both take a destination and an ISO date. */
export const WEATHER_TOOL = "getWeatherForecast";
export const EVENTS_TOOL = "getLocalEvents";

/** What the scripted model decides to answer, before it is streamed. */
export interface Reply {
  readonly text: string;
  readonly calls: readonly ReplyCall[];
}

export interface ReplyCall {
  readonly toolName: string;
  readonly input: { readonly destination: string; readonly date: string };
}

/** Decides the answer to a model call: the same reply for the same call and clock. */
export function replyFromCall(call: LanguageModelV4CallOptions, now: Date): Reply {
  const turn = turnFromPrompt(call.prompt);
  const reading = withCalledDay(tripFromMessages(turn.userMessages, dayOf(now)), turn);
  if (isTravelAgent(call, turn) && reading.kind === "trip") {
    const calls = missingCalls(call, turn, reading.trip);
    if (calls.length > 0) return { text: wantsText(call) ? lookingUp(reading.trip, calls) : "", calls };
  }
  return {
    text: wantsText(call) ? textAnswer(call, turn, reading) : jsonAnswer(call, turn, reading),
    calls: [],
  };
}

/** The first step may have run yesterday, before a crash: its calls fix the day, not the clock of the step after. */
function withCalledDay(reading: TripReading, { calledDay }: Turn): TripReading {
  if (reading.kind !== "trip" || calledDay === undefined) return reading;
  return { ...reading, trip: { ...reading.trip, startDay: calledDay } };
}

function isTravelAgent(call: LanguageModelV4CallOptions, turn: Turn): boolean {
  return offeredTools(call).length > 0 || /\b(?:travel|trips?|itinerar(?:y|ies))\b/iu.test(turn.instructions);
}

function offeredTools({ tools = [] }: LanguageModelV4CallOptions): readonly string[] {
  const names = tools.flatMap((tool) => (tool.type === "function" ? [tool.name] : []));
  return [WEATHER_TOOL, EVENTS_TOOL].filter((name) => names.includes(name));
}

function missingCalls(
  call: LanguageModelV4CallOptions,
  { findings }: Turn,
  trip: TripRequest,
): readonly ReplyCall[] {
  const choice = call.toolChoice ?? { type: "auto" };
  if (choice.type === "none") return [];
  return offeredTools(call)
    .filter((name) => !findings.has(name) && (choice.type !== "tool" || choice.toolName === name))
    .map((toolName) => ({ toolName, input: { destination: trip.destination, date: trip.startDay } }));
}

function lookingUp({ destination }: TripRequest, calls: readonly ReplyCall[]): string {
  const names: Readonly<Record<string, string>> = {
    [WEATHER_TOOL]: "the weather",
    [EVENTS_TOOL]: "local events",
  };
  return `Let me look up ${calls.map(({ toolName }) => names[toolName]).join(" and ")} for ${destination}.\n\n`;
}

function wantsText({ responseFormat }: LanguageModelV4CallOptions): boolean {
  return responseFormat?.type !== "json";
}

function textAnswer(call: LanguageModelV4CallOptions, turn: Turn, reading: TripReading): string {
  const travels = isTravelAgent(call, turn);
  if (!travels || reading.kind === "not-travel") return introduction(turn.userMessages.at(-1) ?? "", travels);
  if (reading.kind === "destination-missing") return whereTo(reading.requestedDays);
  return itineraryFromTrip(reading.trip, {
    weather: turn.findings.get(WEATHER_TOOL),
    events: turn.findings.get(EVENTS_TOOL),
  });
}

function whereTo(requestedDays: number | undefined): string {
  const noted =
    requestedDays === undefined
      ? ""
      : ` I have noted ${requestedDays === 1 ? "one day" : `${requestedDays} days`}.`;
  return `I would love to plan that with you.${noted} Where would you like to go? Name a city, and when you want to leave if you know it: “Tokyo, next month”, for example.\n`;
}

function introduction(message: string, travels: boolean): string {
  const asked = message.replaceAll(/\s+/gu, " ").trim();
  const quoted = asked.length > MAXIMUM_QUOTE ? `${asked.slice(0, MAXIMUM_QUOTE).toWellFormed()}…` : asked;
  return [
    "I am Holdfast's offline demo model: no real language model is configured, so all that I can do is plan trips.",
    quoted === "" ? "Your message held no text." : `You asked: “${quoted}” — that needs a real model.`,
    travels ? "Try “Plan a 3-day trip to Tokyo”, or connect a real model:" : "To connect one:",
    "set `OPENAI_API_KEY` for OpenAI and compatible services, or `AZURE_OPENAI_ENDPOINT` for Azure OpenAI, and start the server again.\n",
  ].join(" ");
}

const MAXIMUM_QUOTE = 120;

function jsonAnswer(call: LanguageModelV4CallOptions, turn: Turn, reading: TripReading): string {
  const schema = call.responseFormat?.type === "json" ? call.responseFormat.schema : undefined;
  const trip = reading.kind === "trip" ? reading.trip : undefined;
  return JSON.stringify(
    sampleFromSchema(schema ?? DEFAULT_SCHEMA, factsFromTrip(trip, textAnswer(call, turn, reading))),
    null,
    2,
  );
}

const DEFAULT_SCHEMA = { type: "object", properties: { answer: { type: "string" } } };

function factsFromTrip(trip: TripRequest | undefined, answer: string): SampleFacts {
  if (trip === undefined)
    return { strings: [{ name: WHOLE_ANSWER, value: () => answer }], numbers: [], lengths: [] };
  const { destination, days, startDay } = trip;
  const guide = cityNamedIn(destination) ?? guideToUnknownPlace(destination);
  const food = (index: number): string => guide.food[index % guide.food.length] ?? guide.name;
  return {
    strings: [
      { name: /start.?(?:date|day)/iu, value: () => startDay },
      { name: /(?:end|return).?(?:date|day)/iu, value: () => daysAfter(startDay, days - 1) },
      { name: /date/iu, value: (index) => daysAfter(startDay, index) },
      { name: /country/iu, value: () => guide.country },
      { name: /destination|city|location/iu, value: () => destination },
      { name: /^(?:title|headline)$/iu, value: (index) => `${destination}: ${areaOnDay(guide, index).name}` },
      {
        name: /summary|description|overview/iu,
        value: () => `${days} days in ${destination}, one part of town a day.`,
      },
      { name: /morning/iu, value: (index) => areaOnDay(guide, index).morning },
      {
        name: /afternoon|activit|sight|highlight|attraction/iu,
        value: (index) => areaOnDay(guide, index).afternoon,
      },
      { name: /evening|night/iu, value: (index) => areaOnDay(guide, index).evening },
      { name: /restaurant|food|meal|lunch|dinner|breakfast|dish|eat/iu, value: food },
      { name: /transport|getting/iu, value: () => guide.transport },
      { name: /tip|advice|note/iu, value: () => guide.tip },
      {
        name: /area|district|neighbou?rhood|theme|name|place|stop|day/iu,
        value: (index) => areaOnDay(guide, index).name,
      },
      { name: WHOLE_ANSWER, value: () => answer },
    ],
    numbers: [
      { name: /^(?:days|duration|length|number.?of.?days|total.?days|duration.?days)$/iu, value: () => days },
      { name: /cost|budget|price/iu, value: () => 150 * days },
    ],
    lengths: [{ name: /^(?:days|itinerary|plan|schedule|daily.*)$/iu, length: days }],
  };
}

const WHOLE_ANSWER = /^(?:answer|response|reply|text|message|content|itinerary)$/iu;
