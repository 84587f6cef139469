import { expect, test } from "vitest";
import { localEvents, MAXIMUM_EVENTS, placesWithEvents } from "./events-data.ts";
import { placesWithClimate, weatherForecast } from "./weather-data.ts";

const MONTHS = Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, "0")}-15`);

test("knows the weather and the events of the same twenty cities or more", () => {
  expect(placesWithClimate().length).toBeGreaterThanOrEqual(20);
  expect([...placesWithEvents()].toSorted()).toEqual([...placesWithClimate()].toSorted());
});

test("has a sensible forecast and something to do for every city in every month", () => {
  for (const place of placesWithClimate()) {
    for (const date of MONTHS) {
      const forecast = weatherForecast(place, date);
      expect(forecast.basis).toBe("climate tables");
      expect(forecast.highCelsius).toBeGreaterThan(forecast.lowCelsius);
      expect(forecast.highCelsius).toBeLessThan(48);
      expect(forecast.lowCelsius).toBeGreaterThan(-15);
      const { events } = localEvents(place, date);
      expect(events.length).toBeGreaterThanOrEqual(2);
      expect(events.length).toBeLessThanOrEqual(MAXIMUM_EVENTS);
      for (const event of events) expect(Object.values(event).every((text) => text.length > 2)).toBe(true);
    }
  }
});

test("gives the same forecast for the same day, and another for other days", () => {
  expect(weatherForecast("Tokyo", "2026-06-01")).toEqual(weatherForecast("Tokyo", "2026-06-01"));
  const days = Array.from({ length: 28 }, (_, day) => `2026-06-${String(day + 1).padStart(2, "0")}`);
  expect(new Set(days.map((day) => weatherForecast("Tokyo", day).conditions)).size).toBeGreaterThan(2);
});

test.each(["Tokyo, Japan", "tokyo", "TOKYO", " Tokyo "])("recognises %j", (destination) => {
  expect(weatherForecast(destination, "2026-05-20").basis).toBe("climate tables");
  expect(localEvents(destination, "2026-05-20").events[0]?.name).toBe("Sanja Matsuri");
});

test.each(["Reykjavík", "NYC", "New York City", "rio"])("recognises the spelling %j", (destination) => {
  expect(weatherForecast(destination, "2026-05-20").basis).toBe("climate tables");
});

test("puts the events of the season first, also over the new year", () => {
  expect(localEvents("Cape Town", "2027-01-10").events.map(({ name }) => name)).toContain(
    "Summer sunset concerts",
  );
  expect(localEvents("Cape Town", "2026-06-10").events.map(({ name }) => name)).not.toContain(
    "Summer sunset concerts",
  );
});

test("says plainly what it does not know of an unknown place", () => {
  const forecast = weatherForecast("Ljubljana", "2026-05-20");
  expect(forecast).toMatchObject({ destination: "Ljubljana", basis: "typical for the season" });
  expect(forecast.summary).toContain("no forecast for Ljubljana itself");
  expect(localEvents("Ljubljana", "2026-05-20").note).toContain("No listings for Ljubljana");
});

test("does not confuse an unknown place with a property of objects", () => {
  expect(weatherForecast("constructor", "2026-05-20").basis).toBe("typical for the season");
});

test("turns the seasons round south of the equator", () => {
  const summer = weatherForecast("Melbourne, Australia", "2026-01-15");
  const winter = weatherForecast("Melbourne, Australia", "2026-07-15");
  expect(summer.highCelsius).toBeGreaterThan(winter.highCelsius);
});

test.each(["next Friday", "2026-02-30", "2026-13-01", "", "2026-5-1", "2026-05-01T00:00:00Z"])(
  "tells the model how to correct the date %j",
  (date) => {
    expect(() => weatherForecast("Tokyo", date)).toThrow(/YYYY-MM-DD/u);
    expect(() => localEvents("Tokyo", date)).toThrow(/YYYY-MM-DD/u);
  },
);
