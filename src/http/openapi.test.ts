import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { agents } from "../../examples/travel-planner/agents.ts";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { createScriptedModel } from "../adapters/scripted/index.ts";
import { ERROR_CODES } from "../core/index.ts";
import { createHoldfast } from "../holdfast.ts";
import type { Holdfast } from "../holdfast.ts";
import { ROUTES } from "./handler.ts";
import { OPENAPI } from "./openapi.ts";
import type { JsonSchema, Operation, ResponseObject } from "./openapi/document.ts";

type Specification = Exclude<Parameters<Validator["validate"]>[0], string>;

interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const OPERATIONS: readonly Described[] = Object.entries(OPENAPI.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

function titleOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`;
}

describe("the OpenAPI document", () => {
  test("describes every route, and nothing that is no route", () => {
    expect(OPERATIONS.map(titleOf).toSorted()).toEqual(ROUTES.map(titleOf).toSorted());
  });

  test("has the form of OpenAPI 3.1", () => {
    expect(z.safeParse(DOCUMENT, OPENAPI).error).toBeUndefined();
  });

  test("is valid by a public validator", async () => {
    const { errors, valid } = await new Validator().validate(
      structuredClone(OPENAPI) as unknown as Specification,
    );
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test("names each operation once", () => {
    const ids = OPERATIONS.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(OPERATIONS)("$method $path has a parameter for each name in braces", ({ path, operation }) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(described.map((parameter) => parameter.name)).toEqual(named);
    expect(described.every((parameter) => parameter.required)).toBe(true);
  });

  test("refers only to schemas that it has, and has none that nothing refers to", () => {
    const names = Object.keys(OPENAPI.components.schemas);
    const used = [...JSON.stringify(OPENAPI).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1]!,
    );
    expect([...new Set(used)].toSorted()).toEqual(names.toSorted());
  });

  test("lists exactly the closed list of error codes", () => {
    expect(OPENAPI.components.schemas["ErrorCode"]?.["enum"]).toEqual(ERROR_CODES);
  });

  test("carries the package's version", () => {
    const packageJson = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(OPENAPI.info.version).toBe(packageJson.version);
  });

  test("gives only examples that fit their schemas", () => {
    const media = OPERATIONS.flatMap(({ operation }) => [
      operation.requestBody?.content ?? {},
      ...Object.values(operation.responses).map((response) => response.content ?? {}),
    ]).flatMap((content) => Object.values(content));
    for (const { schema, examples = {} } of media) {
      for (const { value } of Object.values(examples)) expect(refusal(schema, value)).toBeUndefined();
    }
  });
});

describe("a server with the travel planner", () => {
  let holdfast: Holdfast;
  beforeEach(() => {
    const model = createScriptedModel({ chunksPerSecond: Infinity });
    holdfast = createHoldfast({ agents, model, store: createMemoryStore() });
  });
  afterEach(() => holdfast.stop({ graceMs: 0 }));

  /** The conversation that the examples speak of. */
  async function begin(): Promise<void> {
    const body = JSON.stringify({ ...firstExample(), wait_for_response: true });
    const headers = { "content-type": "application/json" };
    const url = "http://holdfast.test/api/agents/TravelPlanner/run";
    const response = await holdfast.fetch(new Request(url, { method: "POST", headers, body }));
    expect(response.status).toBe(200);
  }

  test.each(exampleRequests())(
    "answers the example $name as the document says",
    async ({ described, request }) => {
      await begin();
      const response = await holdfast.fetch(request());
      const documented = described.operation.responses[String(response.status)];
      expect(documented, `${response.status} is not in the document`).toBeDefined();
      if (described.path.endsWith("/approvals/{approval}")) expect(response.status).toBe(404);
      else expect(response.ok).toBe(true);
      await expectAsDocumented(response, documented!);
    },
  );

  test.each([
    ["GET", "/api/agents/Nobody/run/x", 404, "/api/agents/{name}/run/{id}"],
    ["GET", "/api/agents/TravelPlanner/run/unheard-of", 404, "/api/agents/{name}/run/{id}"],
    ["GET", "/api/agent/stream/unheard-of", 404, "/api/agent/stream/{id}"],
    ["GET", "/api/agent/stream/tokyo-trip?cursor=x", 400, "/api/agent/stream/{id}"],
    ["GET", "/api/agent/stream/tokyo-trip?cursor=9-9", 410, "/api/agent/stream/{id}"],
    ["GET", "/api/conversations?limit=none", 400, "/api/conversations"],
    ["DELETE", "/api/conversations/unheard-of", 404, "/api/conversations/{id}"],
    ["GET", "/v1/stream/unheard-of", 404, "/v1/stream/{id}"],
    ["GET", "/v1/stream/tokyo-trip?offset=x", 400, "/v1/stream/{id}"],
    ["GET", "/v1/stream/tokyo-trip?offset=0000000000000009_0000000000000009", 410, "/v1/stream/{id}"],
  ])("refuses %s %s with %i and an error as the document says", async (method, url, status, path) => {
    await begin();
    const response = await holdfast.fetch(new Request(`http://holdfast.test${url}`, { method }));
    expect(response.status).toBe(status);
    const { operation } = OPERATIONS.find((each) => each.method === method && each.path === path)!;
    await expectAsDocumented(response, operation.responses[String(status)]!);
  });

  test("serves the document", async () => {
    const response = await holdfast.fetch(new Request("http://holdfast.test/openapi.json"));
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(OPENAPI)));
  });
});

interface ExampleRequest {
  readonly name: string;
  readonly described: Described;
  readonly request: () => Request;
}

/** Each operation with its example parameters and each of its example bodies. */
function exampleRequests(): readonly ExampleRequest[] {
  return OPERATIONS.flatMap((described) => {
    const { method, path, operation } = described;
    const bodies = Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) =>
      Object.entries(examples).map(([name, { value }]) => ({ type, name, value })),
    );
    const url = urlOf(path, operation);
    const sent = bodies.length > 0 ? bodies : [undefined];
    return sent.map((body) => ({
      name: `${method} ${path}${body ? ` (${body.name})` : ""}`,
      described,
      request: () => {
        const headers = new Headers(headersOf(operation));
        if (body) headers.set("content-type", body.type);
        return new Request(url, { method, headers, ...(body && { body: bodyOf(body.value) }) });
      },
    }));
  });
}

function urlOf(path: string, operation: Operation): URL {
  const examples = (operation.parameters ?? []).filter((parameter) => parameter.example !== undefined);
  let filled = path;
  for (const { name, in: place, example } of examples) {
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(String(example)));
  }
  const url = new URL(filled, "http://holdfast.test");
  for (const { name, in: place, example } of examples) {
    if (place === "query") url.searchParams.set(name, String(example));
  }
  return url;
}

function headersOf(operation: Operation): [string, string][] {
  return (operation.parameters ?? []).flatMap(({ name, in: place, example }): [string, string][] =>
    place === "header" && example !== undefined ? [[name, String(example)]] : [],
  );
}

function bodyOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function firstExample(): object {
  const { operation } = OPERATIONS.find((each) => each.operation.operationId === "startRun")!;
  return operation.requestBody!.content["application/json"]!.examples!["first"]!.value as object;
}

async function expectAsDocumented(response: Response, documented: ResponseObject): Promise<void> {
  for (const name of Object.keys(documented.headers ?? {})) {
    if (name !== "retry-after") expect(response.headers.get(name), name).not.toBeNull();
  }
  const text = await response.text();
  if (!documented.content) {
    expect(text).toBe("");
    return;
  }
  const type = (response.headers.get("content-type") ?? "").split(";")[0]!;
  const media = documented.content[type];
  expect(media, `${type} is not in the document`).toBeDefined();
  const value: unknown = type === "application/json" ? JSON.parse(text) : text;
  expect(refusal(media!.schema, value)).toBeUndefined();
}

/** Why a value does not fit a schema, where objects may have no field that the schema does not name. */
function refusal(schema: JsonSchema, value: unknown): string | undefined {
  const whole = JSON.stringify({ ...schema, $defs: OPENAPI.components.schemas });
  const local: unknown = JSON.parse(whole.replaceAll("#/components/schemas/", "#/$defs/"));
  const result = z.fromJSONSchema(closed(local) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  return result.success ? undefined : `${z.prettifyError(result.error)}\n${JSON.stringify(value)}`;
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const names = "properties" in inner && inner["type"] === "object" && !("additionalProperties" in inner);
  return names ? { ...inner, additionalProperties: false } : inner;
}

const SCHEMA = z.record(z.string(), z.unknown());
const MEDIA = z.record(
  z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/),
  z.strictObject({
    schema: SCHEMA,
    examples: z.optional(
      z.record(z.string(), z.strictObject({ summary: z.optional(z.string()), value: z.unknown() })),
    ),
  }),
);
const OPERATION = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.array(z.enum(OPENAPI.tags.map((tag) => tag.name))).min(1),
  summary: z.string().min(1),
  description: z.optional(z.string().min(1)),
  parameters: z.optional(
    z.array(
      z.strictObject({
        name: z.string().min(1),
        in: z.enum(["path", "query", "header"]),
        required: z.optional(z.boolean()),
        description: z.string().min(1),
        schema: SCHEMA,
        example: z.optional(z.unknown()),
      }),
    ),
  ),
  requestBody: z.optional(
    z.strictObject({ required: z.boolean(), description: z.optional(z.string()), content: MEDIA }),
  ),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.strictObject({
      description: z.string().min(1),
      headers: z.optional(
        z.record(z.string(), z.strictObject({ description: z.string().min(1), schema: SCHEMA })),
      ),
      content: z.optional(MEDIA),
    }),
  ),
});
const DOCUMENT = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    summary: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string(), description: z.string() })).min(1),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })).min(1),
  paths: z.record(
    z.string().startsWith("/"),
    z.strictObject({
      get: z.optional(OPERATION),
      post: z.optional(OPERATION),
      delete: z.optional(OPERATION),
    }),
  ),
  components: z.strictObject({ schemas: z.record(z.string().regex(/^[A-Za-z]+$/), SCHEMA) }),
});
