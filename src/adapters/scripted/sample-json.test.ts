import { expect, test } from "vitest";
import { z } from "zod";
import { MAXIMUM_SAMPLE_STRING, MAXIMUM_SAMPLE_VALUES, sampleFromSchema } from "./sample-json.ts";

const NO_FACTS = { strings: [], numbers: [], lengths: [] };

const Node: z.ZodType = z.object({
  label: z.string(),
  get children() {
    return z.array(Node);
  },
});

test.each([
  ["plain fields", z.object({ name: z.string(), count: z.number().int().positive(), ok: z.boolean() })],
  ["optional and nullable fields", z.object({ a: z.string().optional(), b: z.number().nullable() })],
  [
    "choices",
    z.object({
      mood: z.enum(["calm", "busy"]),
      kind: z.literal("trip"),
      either: z.union([z.string(), z.number()]),
    }),
  ],
  [
    "unions of objects",
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), x: z.number() }),
      z.object({ kind: z.literal("b") }),
    ]),
  ],
  [
    "limits",
    z.object({
      code: z.string().min(40).max(50),
      short: z.string().max(3),
      age: z.number().min(18).max(20),
      even: z.number().multipleOf(2),
    }),
  ],
  ["exclusive limits", z.object({ share: z.number().gt(0).lt(1), rank: z.number().int().gt(5) })],
  ["formats", z.object({ when: z.iso.datetime(), mail: z.email(), link: z.url(), id: z.uuid() })],
  [
    "lists",
    z.object({
      many: z.array(z.string()).min(5),
      few: z.array(z.object({ n: z.number() })).max(1),
      pair: z.tuple([z.string(), z.number()]),
    }),
  ],
  ["intersections", z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() }))],
  ["recursion", Node],
])("satisfies a schema with %s", (_name, schema) => {
  const document = sampleFromSchema(z.toJSONSchema(schema), NO_FACTS);
  expect(schema.safeParse(document).error).toBeUndefined();
});

test("keeps hostile schemas small", () => {
  const endless = { $ref: "#" };
  const wide = {
    type: "array",
    minItems: 1e9,
    items: { type: "array", minItems: 1e9, items: { type: "string", minLength: 1e9 } },
  };
  const deep = {
    type: "object",
    properties: { next: { $ref: "#" }, other: { $ref: "#" } },
    required: ["next", "other"],
  };
  for (const schema of [endless, wide, deep]) {
    const written = JSON.stringify(sampleFromSchema(schema, NO_FACTS));
    expect(written.length).toBeLessThan(2 * MAXIMUM_SAMPLE_VALUES * MAXIMUM_SAMPLE_STRING);
  }
});

test.each([undefined, true, [], "text", { type: 5 }, { $ref: "#/nowhere" }])(
  "answers something for the odd schema %j",
  (schema) => {
    expect(sampleFromSchema(schema, NO_FACTS)).toBeDefined();
  },
);
