import { daysAfter, longDay } from "./calendar-day.ts";
import { guideToUnknownPlace } from "./city-guide.ts";
import type { Area, CityGuide } from "./city-guide.ts";
import { cityNamedIn } from "./city-mention.ts";
import { adviceFor } from "./interests.ts";
import type { TripRequest } from "./trip-request.ts";
import type { Finding } from "./turn.ts";

/** What the tools found for a trip; `undefined` where no tool was asked. */
export interface TripFindings {
  readonly weather: Finding | undefined;
  readonly events: Finding | undefined;
}

/** Writes a day-by-day plan in Markdown: the same text for the same trip and findings, always. */
export function itineraryFromTrip(trip: TripRequest, findings: TripFindings): string {
  const guide = cityNamedIn(trip.destination) ?? guideToUnknownPlace(trip.destination);
  const sections = [
    opening(trip, guide),
    weatherAndEvents(findings),
    ...Array.from({ length: trip.days }, (_, index) =>
      day(trip, guide, index, eventFor(index, trip, findings)),
    ),
    eating(guide, trip.days),
    `## Getting around\n\n${guide.transport}`,
    tips(trip, guide, findings),
    `Enjoy ${guide.name}! Tell me if you want more days, other dates, or a slower pace, and I will change the plan.`,
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The areas of a city in the order in which a plan visits them: the city, two days out of it, then again at leisure. */
export function areaOnDay(guide: CityGuide, index: number): Area {
  const all = [...guide.areas, ...guide.dayTrips];
  return all[index % all.length] ?? EMPTY_AREA;
}

function opening(trip: TripRequest, guide: CityGuide): string {
  const place =
    guide.country === "" || guide.country === guide.name ? guide.name : `${guide.name}, ${guide.country}`;
  const lastDay = daysAfter(trip.startDay, trip.days - 1);
  const dates =
    trip.days === 1
      ? `on ${longDay(trip.startDay)}`
      : `from ${longDay(trip.startDay)} to ${longDay(lastDay)}`;
  const limit =
    trip.requestedDays > trip.days
      ? ` You asked for ${trip.requestedDays} days; these are the first ${trip.days}, and the pattern carries on from there.`
      : "";
  return [
    `# ${trip.days}-Day ${guide.name} ${pick(TITLES, trip.destination)}`,
    `Here is a plan for ${place}, ${dates}. Each day stays in one part of town, so that you spend your time there and not on the way.${limit}`,
  ].join("\n\n");
}

function weatherAndEvents({ weather, events }: TripFindings): string {
  const lines = ["## Weather and events", ""];
  if (weather === undefined)
    lines.push("- **Weather:** I did not look up a forecast for this plan; check one before you pack.");
  else if (weather.kind === "found") lines.push(`- **Weather:** ${weather.lines.join(" ")}`);
  else
    lines.push(
      "- **Weather:** the forecast is unavailable right now, so pack layers and look again a few days before you leave.",
    );
  if (events === undefined) lines.push("- **Events:** I did not look up local events for this plan.");
  else if (events.kind === "found")
    lines.push("- **On while you are there:**", ...events.lines.map((line) => `  - ${line}`));
  else
    lines.push(
      "- **Events:** the event listings are unavailable right now; ask at the tourist office on your first day.",
    );
  return lines.join("\n");
}

function day(trip: TripRequest, guide: CityGuide, index: number, event: string | undefined): string {
  const area = areaOnDay(guide, index);
  const again = index >= guide.areas.length + guide.dayTrips.length;
  const seed = `${trip.destination} ${index}`;
  const lines = [
    `## Day ${index + 1}: ${again ? `${area.name}, at leisure` : area.name} (${longDay(daysAfter(trip.startDay, index))})`,
    "",
    `- **Morning (${pick(["8:30", "9:00", "9:30"], seed)}):** ${pick(again ? LEISURE : MORNINGS, seed)} ${area.morning}. ${pick(MORNING_NOTES, seed)}`,
    `- **Lunch (12:30):** ${pick(LUNCHES, seed)} ${guide.food[index % guide.food.length] ?? "the day's dish in a local place"}.`,
    `- **Afternoon (14:00):** ${pick(AFTERNOONS, seed)} ${area.afternoon}. ${pick(AFTERNOON_NOTES, seed)}`,
    `- **Evening (${pick(["18:30", "19:00", "19:30"], seed)}):** ${pick(EVENINGS, seed)} ${area.evening}.`,
  ];
  if (event !== undefined) lines.push(`- **Also on:** make room for ${event} if the day allows it.`);
  return lines.join("\n");
}

function eating(guide: CityGuide, days: number): string {
  const dishes = guide.food
    .slice(0, days > 3 ? 5 : 3)
    .map((dish, index) => `- ${pick(EATING_NOTES, `${guide.name} ${index}`)} ${dish}`);
  return ["## Where to eat", "", ...dishes].join("\n");
}

function tips(trip: TripRequest, guide: CityGuide, { weather }: TripFindings): string {
  const wet =
    weather?.kind === "found" &&
    /\b(?:rain|rainy|shower|showers|snow|storms?|wet|drizzle)\b/iu.test(weather.lines.join(" "));
  return [
    "## Practical tips",
    "",
    `- ${guide.tip}`,
    wet
      ? "- The forecast has rain in it: pack a light waterproof, and swap a museum afternoon with an outdoor one when it comes."
      : "- Book the one sight that you care most about before you leave; the rest can wait for the mood of the day.",
    ...trip.interests.map((interest) => `- ${adviceFor(interest)}`),
  ].join("\n");
}

/** Spreads the events over the trip's first days, by the name that opens their line. */
function eventFor(index: number, trip: TripRequest, { events }: TripFindings): string | undefined {
  if (events?.kind !== "found") return undefined;
  const line = events.lines.filter((each) => !each.startsWith("_"))[trip.days === 1 ? index : index - 1];
  const name =
    line === undefined ? undefined : /^(?:\*\*)?(.{3,80}?)(?:\*\*|:| — | – | - | \(|$)/u.exec(line)?.[1];
  return name === undefined || index > MAXIMUM_EVENT_DAYS ? undefined : `**${name}**`;
}

/** After so many days the plan stops suggesting events: they were listed for its beginning. */
const MAXIMUM_EVENT_DAYS = 3;

/** Chooses by the text alone, so that the same trip reads the same each time. */
function pick(choices: readonly string[], seed: string): string {
  let hash = 0;
  for (const character of seed) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return choices[hash % choices.length] ?? "";
}

const TITLES = ["Adventure", "Itinerary", "Getaway"];
const MORNINGS = ["Begin with", "Start the day at its calmest:", "First on the list:", "Be early for"];
const LEISURE = ["Come back without hurry to", "See what you passed by the first time near"];
const MORNING_NOTES = [
  "Allow two hours, and arrive before the tour groups do.",
  "The light is best now, and so are the queues.",
  "Take a coffee nearby before you go on.",
  "Ninety minutes is enough if you do not stop for everything.",
];
const LUNCHES = ["Sit down for", "Try", "Keep it local with", "Treat yourself to"];
const AFTERNOONS = ["Carry on to", "Spend the afternoon with", "Walk over to", "Go on at an easy pace to"];
const AFTERNOON_NOTES = [
  "Leave an hour without a plan.",
  "If your feet protest, this is the part to shorten.",
  "Side streets here reward a wrong turn.",
  "It is fine indoors too, should the weather turn.",
];
const EVENINGS = ["End the day with", "Stay for", "Close with", "When the lights come on, go for"];
const EATING_NOTES = ["Go for", "Do not leave without", "Worth the queue:", "A local habit:"];

const EMPTY_AREA: Area = {
  name: "A free day",
  morning: "a slow start",
  afternoon: "a walk",
  evening: "an early supper",
};
