import { jsonSchema } from "@ai-sdk/provider-utils";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Tool } from "../../ports/index.ts";
import { describeTools, validateToolInput } from "./tool-schema.ts";

const byZod = toolOf(z.object({ city: z.string().describe("Where."), days: z.number().default(3) }));
const byJsonSchema = toolOf(jsonSchema({ type: "object", properties: { city: { type: "string" } } }));

describe("the description of tools", () => {
  it("gives their names in order, their descriptions, and plain JSON schemas", async () => {
    const tools = { weather: { ...byZod, description: "The weather." }, events: byJsonSchema };
    expect(await describeTools(tools)).toEqual([
      {
        name: "weather",
        description: "The weather.",
        inputSchema: expect.objectContaining({
          type: "object",
          properties: {
            city: { type: "string", description: "Where." },
            days: { type: "number", default: 3 },
          },
          required: ["city"],
        }),
      },
      {
        name: "events",
        description: undefined,
        inputSchema: { type: "object", properties: { city: { type: "string" } } },
      },
    ]);
  });

  it("names the tool whose schema cannot be told to a model", async () => {
    const describing = describeTools({ weather: toolOf(z.object({ at: z.date() })) });
    await expect(describing).rejects.toThrow(TypeError);
    await expect(describing).rejects.toThrow(/schema of tool "weather" cannot be turned into a JSON schema/);
  });
});

describe("the check of an input", () => {
  it("gives the input as the schema gives it on", async () => {
    expect(await validateToolInput(byZod, { city: "Tokyo" })).toEqual({
      ok: true,
      value: { city: "Tokyo", days: 3 },
    });
  });

  it("tells the model what is wrong, and where", async () => {
    const check = await validateToolInput(byZod, { city: 7, days: "x" });
    expect(check).toMatchObject({ ok: false });
    expect(check).toHaveProperty("message", expect.stringMatching(/: city: .*string.*; days: .*number/));
  });

  it.each([
    ["Zod", byZod],
    ["a bare JSON schema", byJsonSchema],
  ])("tells the model that its malformed text is no object, by %s", async (_, tool) => {
    expect(await validateToolInput(tool, '{"city": "Tok')).toHaveProperty(
      "message",
      expect.stringMatching(/expected (?:an )?object, received string/),
    );
  });

  it("lets any object pass a bare JSON schema, which checks nothing", async () => {
    expect(await validateToolInput(byJsonSchema, { city: 7 })).toEqual({ ok: true, value: { city: 7 } });
  });

  it("takes any Standard Schema", async () => {
    const tool = toolOf({
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => ({ issues: [{ message: "too far", path: ["trip", { key: "city" }] }] }),
      },
    });
    expect(await validateToolInput(tool, {})).toEqual({
      ok: false,
      message: "The input does not fit the tool's schema: trip.city: too far.",
    });
  });

  it("tells the model what a schema's own check threw", async () => {
    const tool = toolOf(
      jsonSchema({ type: "object" }, { validate: () => Promise.reject(new Error("no such city")) }),
    );
    expect(await validateToolInput(tool, {})).toEqual({
      ok: false,
      message: "The input does not fit the tool's schema: no such city.",
    });
  });
});

function toolOf(inputSchema: Tool["inputSchema"]): Tool {
  return { inputSchema, execute: () => "done" };
}
