import { expect, test } from "vitest";
import { tripFromMessages } from "./trip-request.ts";
import { MAXIMUM_TRIP_DAYS } from "./trip-length.ts";

const TODAY = "2026-05-13"; // a Wednesday

function tripOf(...messages: string[]) {
  const reading = tripFromMessages(messages, TODAY);
  return reading.kind === "trip" ? reading.trip : reading.kind;
}

test.each([
  ["Plan a 3-day trip to Tokyo", "Tokyo", 3],
  [
    "Plan a 7-day trip to Tokyo, Japan for next month. Include daily activities and tips for getting around.",
    "Tokyo",
    7,
  ],
  ["Plan a 7-day trip to Tokyo, Japan.", "Tokyo", 7],
  ["Plan a weekend in Paris", "Paris", 2],
  ["a long weekend in paris", "Paris", 3],
  ["two weeks in New York", "New York", 14],
  ["TWO WEEKS IN NYC", "New York", 14],
  ["Rome for five days", "Rome", 5],
  ["plan me a week in rome please", "Rome", 7],
  ["Plan a trip to London", "London", 3],
  ["I'd like to go to reykjavík for 4 nights", "Reykjavik", 5],
  ["a 10 day vacation in são paulo, brazil", "São Paulo, Brazil", 10],
  ["Plan a 3-day trip to Ljubljana, Slovenia for next month. Include food.", "Ljubljana, Slovenia", 3],
  ["trip to oslo, include museums", "Oslo", 3],
  ["Can you plan a trip from London to Oslo?", "Oslo", 3],
  ["Plan a trip to Oslo from London", "Oslo", 3],
  ["Plan a trip to Bergen, like the one to Paris", "Bergen", 3],
  ["Day trip from Tokyo to Nikko", "Nikko", 1],
  ["two weeks in April in Rome", "Rome", 14],
  ["a trip to see Tokyo", "Tokyo", 3],
  ["3-day Oslo itinerary", "Oslo", 3],
  ["Oslo for 3 days", "Oslo", 3],
  ["A fortnight in the Scottish Highlands", "Scottish Highlands", 14],
  ["trip to the isle of man", "Isle of Man", 3],
  ["visit St. Petersburg", "St Petersburg", 3],
  ["Tokyo", "Tokyo", 3],
  ["Plan a trip to Tokyo in 3 days", "Tokyo", 3],
])("reads the place and the length of %j", (message, destination, days) => {
  expect(tripOf(message)).toMatchObject({ destination, days });
});

test.each([
  ["a weekend in Paris", "2026-05-30"],
  ["Plan a trip to Rome", "2026-05-27"],
  ["Plan a trip to Rome next month", "2026-06-01"],
  ["Plan a trip to Rome next week", "2026-05-18"],
  ["Plan a trip to Rome this weekend", "2026-05-16"],
  ["Plan a trip to Rome next weekend", "2026-05-23"],
  ["Plan a trip to Rome tomorrow", "2026-05-14"],
  ["Plan a trip to Rome in two weeks", "2026-05-27"],
  ["Plan a trip to Rome from 2026-08-20 on", "2026-08-20"],
  ["Plan a trip to Rome on 2026-02-30", "2026-05-27"],
  ["Plan a trip to Rome on October 3rd", "2026-10-03"],
  ["Plan a trip to Rome, 3 of March", "2027-03-03"],
  ["Plan a trip to Rome in may", "2027-05-01"],
  ["I may plan a trip to Rome", "2026-05-27"],
])("reads the first day of %j", (message, startDay) => {
  expect(tripOf(message)).toMatchObject({
    startDay,
    destination: message.includes("Paris") ? "Paris" : "Rome",
  });
});

test("keeps the place when only the length changes", () => {
  expect(tripOf("Plan a 3-day trip to Tokyo", "make it 5 days")).toMatchObject({
    destination: "Tokyo",
    days: 5,
  });
});

test("keeps the length when only the place changes", () => {
  expect(tripOf("Plan a 4-day trip to Tokyo", "How about Oslo instead?")).toMatchObject({
    destination: "Oslo",
    days: 4,
  });
});

test("keeps the trip when only an interest is added", () => {
  expect(tripOf("Plan a 4-day trip to Tokyo", "Add more museums")).toMatchObject({
    destination: "Tokyo",
    interests: ["art"],
  });
});

test.each([
  "Plan a trip",
  "I want to travel for 5 days",
  "a trip to the beach",
  "Plan a trip to somewhere warm",
  "plan a trip in July",
])("knows that %j names no place", (message) => {
  expect(tripOf(message)).toBe("destination-missing");
});

test("takes a bare place as the answer to the question where to", () => {
  expect(tripOf("Plan a trip for 5 days", "ljubljana, please")).toMatchObject({
    destination: "Ljubljana",
    days: 5,
  });
});

test("asks again when the traveller wants to go somewhere else", () => {
  expect(tripOf("Plan a 4-day trip to Tokyo", "I'd rather go to another city")).toBe("destination-missing");
});

test.each([
  "Hello",
  "What is 2 + 2?",
  "Thanks!",
  "",
  "Write a poem about the sea",
  "Is Paris the capital of France, and why is that so?",
])("does not take %j for a trip", (message) => {
  expect(tripOf(message)).toBe("not-travel");
});

test("does not take thanks after a plan for a new plan", () => {
  expect(tripOf("Plan a trip to Tokyo", "Thanks, that is great!")).toBe("not-travel");
});

test("limits the length of a plan and remembers what was asked", () => {
  expect(tripOf("Plan a 90-day trip to Tokyo")).toMatchObject({ days: MAXIMUM_TRIP_DAYS, requestedDays: 90 });
  expect(tripOf("Plan a 0-day trip to Tokyo")).toMatchObject({ days: 1 });
});

test("reads a huge hostile message quickly", () => {
  for (const piece of ["trip to ", "a ", "to A", " ,", "visit The ", "9".repeat(50)]) {
    const started = performance.now();
    tripFromMessages([piece.repeat(200_000)], TODAY);
    expect(performance.now() - started).toBeLessThan(1_000);
  }
});
