import type { JSONValue } from "@ai-sdk/provider";

/** How deep a document is filled in; below, only what the schema requires, and at twice the depth nothing. */
export const MAXIMUM_SAMPLE_DEPTH = 8;

/** The most values in one document: the schema comes from a client and may ask for anything. */
export const MAXIMUM_SAMPLE_VALUES = 1_000;

/** The longest string that a `minLength` can ask for. */
export const MAXIMUM_SAMPLE_STRING = 1_000;

/** The values that a document prefers, by the word that a property's name holds: `{ destination: "Tokyo", days: 3 }`. */
export interface SampleFacts {
  readonly strings: readonly { readonly name: RegExp; readonly value: (index: number) => string }[];
  readonly numbers: readonly { readonly name: RegExp; readonly value: (index: number) => number }[];
  /** How many items a list of such a name has; else two. */
  readonly lengths: readonly { readonly name: RegExp; readonly length: number }[];
}

/**
 * A plausible document for a JSON schema: the usual keywords for objects, lists, strings, numbers, choices and local
 * references. It does not promise to satisfy `pattern`, `not`, `if` or `dependentSchemas`.
 */
export function sampleFromSchema(schema: unknown, facts: SampleFacts): JSONValue {
  return sample(schema, { name: "answer", index: 0, depth: 0 }, { root: schema, facts, values: 0 });
}

interface Place {
  readonly name: string;
  readonly index: number;
  readonly depth: number;
}

interface Document {
  readonly root: unknown;
  readonly facts: SampleFacts;
  /** Counts up to `MAXIMUM_SAMPLE_VALUES`. */
  values: number;
}

type Schema = Readonly<Record<string, unknown>>;

function sample(definition: unknown, place: Place, document: Document): JSONValue {
  document.values += 1;
  const schema = resolved(definition, document.root);
  const fixed = fixedValue(schema);
  if (fixed !== undefined) return fixed;
  if (place.depth > 2 * MAXIMUM_SAMPLE_DEPTH || document.values > MAXIMUM_SAMPLE_VALUES) return null;
  const choice = firstChoice(schema);
  if (choice !== undefined)
    return sample({ ...withoutChoices(schema), ...choice }, { ...place, depth: place.depth + 1 }, document);
  switch (typeOf(schema)) {
    case "object":
      return sampleObject(schema, place, document);
    case "array":
      return sampleArray(schema, place, document);
    case "integer":
    case "number":
      return sampleNumber(schema, place, document.facts);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return sampleString(schema, place, document.facts);
  }
}

function sampleObject(schema: Schema, place: Place, document: Document): JSONValue {
  const properties = recordIn(schema["properties"]);
  const required = new Set(listIn(schema["required"]).filter((name) => typeof name === "string"));
  const filled = Object.entries(properties).filter(
    ([name]) => required.has(name) || hasRoom(place, document),
  );
  return Object.fromEntries(
    filled.map(([name, property]) => [
      name,
      sample(property, { name, index: place.index, depth: place.depth + 1 }, document),
    ]),
  );
}

function sampleArray(schema: Schema, place: Place, document: Document): JSONValue {
  const minimum = numberIn(schema["minItems"]) ?? 0;
  const wanted = hasRoom(place, document) ? preferredLength(place.name, document.facts) : 0;
  const length = Math.max(minimum, Math.min(wanted, numberIn(schema["maxItems"]) ?? wanted));
  const tuple = listIn(schema["prefixItems"] ?? schema["items"]);
  const items: JSONValue[] = [];
  for (
    let index = 0;
    index < Math.max(length, tuple.length) && document.values < MAXIMUM_SAMPLE_VALUES;
    index += 1
  ) {
    items.push(
      sample(tuple[index] ?? schema["items"], { name: place.name, index, depth: place.depth + 1 }, document),
    );
  }
  return items;
}

function sampleNumber(schema: Schema, place: Place, facts: SampleFacts): number {
  const step = numberIn(schema["multipleOf"]) ?? (typeOf(schema) === "integer" ? 1 : 0);
  const least =
    numberIn(schema["minimum"]) ?? moved(numberIn(schema["exclusiveMinimum"]), step === 0 ? 0.5 : step);
  const most =
    numberIn(schema["maximum"]) ?? moved(numberIn(schema["exclusiveMaximum"]), step === 0 ? -0.5 : -step);
  const wanted =
    facts.numbers.find(({ name }) => name.test(place.name))?.value(place.index) ?? place.index + 1;
  const inRange = Math.min(Math.max(wanted, least ?? wanted), most ?? Number.MAX_SAFE_INTEGER);
  if (step === 0) return inRange;
  const rounded = Math.round(inRange / step) * step;
  return least !== undefined && rounded < least ? rounded + step : rounded;
}

function sampleString(schema: Schema, place: Place, facts: SampleFacts): string {
  const format = typeof schema["format"] === "string" ? schema["format"] : "";
  const known = facts.strings.find(({ name }) => name.test(format) || name.test(place.name));
  const text =
    FORMATS[format] ?? known?.value(place.index) ?? `Example ${wordsFromName(place.name)} ${place.index + 1}`;
  const least = Math.min(numberIn(schema["minLength"]) ?? 0, MAXIMUM_SAMPLE_STRING);
  return text.padEnd(least, ".").slice(0, numberIn(schema["maxLength"]) ?? MAXIMUM_SAMPLE_STRING);
}

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T09:00:00Z",
  time: "09:00:00Z",
  duration: "P3D",
  email: "traveller@example.com",
  uri: "https://example.com/",
  url: "https://example.com/",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function fixedValue(schema: Schema): JSONValue | undefined {
  const value = schema["const"] ?? schema["default"] ?? listIn(schema["enum"])[0];
  return isJson(value) ? value : undefined;
}

/** The first alternative that is more than `null`; the parts of an `allOf` together. */
function firstChoice(schema: Schema): Schema | undefined {
  const alternatives = listIn(schema["anyOf"] ?? schema["oneOf"]).filter(isRecord);
  const parts = listIn(schema["allOf"]).filter(isRecord);
  if (alternatives.length > 0) return alternatives.find(({ type }) => type !== "null") ?? alternatives[0];
  if (parts.length === 0) return undefined;
  return {
    ...Object.assign({}, ...parts),
    properties: Object.assign({}, ...parts.map((part) => recordIn(part["properties"]))),
    required: parts.flatMap((part) => listIn(part["required"])),
  };
}

function withoutChoices({ anyOf: _anyOf, oneOf: _oneOf, allOf: _allOf, ...schema }: Schema): Schema {
  return schema;
}

function typeOf(schema: Schema): string {
  const types = [schema["type"]].flat().filter((type) => typeof type === "string");
  const type = types.find((each) => each !== "null") ?? types[0];
  if (type !== undefined) return type;
  if ("properties" in schema) return "object";
  return "items" in schema ? "array" : "string";
}

/** Follows local references; a chain of references that never ends is cut. */
function resolved(definition: unknown, root: unknown): Schema {
  let schema = recordIn(definition);
  for (let hop = 0; hop < MAXIMUM_SAMPLE_DEPTH && typeof schema["$ref"] === "string"; hop += 1) {
    const path = schema["$ref"]
      .replace(/^#\/?/u, "")
      .split("/")
      .filter((step) => step !== "");
    schema = recordIn(path.reduce<unknown>((value, step) => recordIn(value)[step], root));
  }
  return schema;
}

function hasRoom(place: Place, document: Document): boolean {
  return place.depth < MAXIMUM_SAMPLE_DEPTH && document.values < MAXIMUM_SAMPLE_VALUES / 2;
}

function preferredLength(name: string, facts: SampleFacts): number {
  return facts.lengths.find((each) => each.name.test(name))?.length ?? 2;
}

function wordsFromName(name: string): string {
  return name
    .replaceAll(/[_-]+/gu, " ")
    .replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
    .toLowerCase();
}

function moved(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value + by;
}

function recordIn(value: unknown): Schema {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function isJson(value: unknown): value is JSONValue {
  // A schema that came over the wire holds nothing else; undefined is "no such keyword".
  return value !== undefined;
}
