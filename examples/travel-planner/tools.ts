import { defineTool } from "holdfast";
import type { Tool } from "holdfast";
import { z } from "zod";
import { localEvents } from "./events-data.ts";
import { weatherForecast } from "./weather-data.ts";

const inputSchema = z.object({
  destination: z
    .string()
    .min(1)
    .max(200)
    .describe("The city, with its country if the name alone is unclear: Paris, France"),
  date: z.string().describe("The first day of the visit as YYYY-MM-DD"),
});

// Both only read, so a call that a crash interrupted may simply be made again: retry is "safe".

/** What the weather will be: see `weatherForecast` for what it is made of. */
export const getWeatherForecast: Tool = defineTool({
  description: "The weather forecast for a destination on a date.",
  inputSchema,
  retry: "safe",
  execute: async ({ destination, date }, { abortSignal }) => {
    abortSignal.throwIfAborted();
    return weatherForecast(destination, date);
  },
});

/** What is on: see `localEvents`. */
export const getLocalEvents: Tool = defineTool({
  description: "Local events at a destination around a date.",
  inputSchema,
  retry: "safe",
  execute: async ({ destination, date }, { abortSignal }) => {
    abortSignal.throwIfAborted();
    return localEvents(destination, date);
  },
});
