import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const AI_SDK = ["@ai-sdk/provider", "@ai-sdk/provider-utils"];

/** The whole architecture: what each layer may import besides itself. Nothing else is allowed. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  protocol: ["core"],
  // Types only: what a tool's schema may be.
  ports: ["core", "@ai-sdk/provider-utils"],
  runtime: ["ports", "core"],
  "adapters/follow": ["ports", "core"],
  "adapters/memory": ["adapters/follow", "ports", "core"],
  "adapters/sqlite": ["adapters/follow", "ports", "core", "node:"],
  "adapters/redis": ["adapters/follow", "ports", "core", "node:", "ioredis"],
  "adapters/local": ["ports", "core"],
  "adapters/bullmq": ["adapters/local", "ports", "core", "node:", "bullmq", "ioredis"],
  "adapters/ai-sdk": ["ports", "core", ...AI_SDK],
  "adapters/openai-background": ["adapters/ai-sdk", "ports", "core", "@ai-sdk/provider-utils"],
  "adapters/custom": ["adapters/ai-sdk", "ports", "core"],
  "adapters/scripted": ["core", "node:", ...AI_SDK],
  "adapters/prometheus": ["ports", "core", "prom-client"],
  projections: ["protocol", "core"],
  http: ["projections", "protocol", "runtime", "ports", "core", "zod"],
  "http/hosts": ["http", "node:"],
  client: ["protocol", "core", "eventsource-parser"],
  "client/react": ["client", "core", "react"],
  testing: ["ports", "core", "node:"],
  // The composition roots.
  cli: ["*"],
  root: ["*"],
};

/** Static, side-effect and dynamic imports, as oxfmt prints them. */
const IMPORT = /(?:^(?:import|export)\b[^;]*?\bfrom |^import |\bimport\()"([^"]+)"/gm;

const LAYERS = Object.keys(MAY_IMPORT).toSorted((a, b) => b.length - a.length);

function layerOf(path: string): string {
  if (!path.includes("/")) return "root";
  return LAYERS.find((layer) => path.startsWith(`${layer}/`)) ?? path;
}

function forbidden(file: string, specifier: string): string | undefined {
  const from = layerOf(file);
  const to = specifier.startsWith(".") ? layerOf(normalize(join(dirname(file), specifier))) : specifier;
  const allowed = [from, ...(MAY_IMPORT[from] ?? [])];
  const fits = allowed.some(
    (each) => each === "*" || each === to || (each.endsWith(":") && to.startsWith(each)),
  );
  return fits ? undefined : `${file} imports ${specifier} (${from} -> ${to})`;
}

function sources(): readonly string[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.(test|fixture)\.tsx?$/.test(file),
  );
}

test("every import follows the architecture table", () => {
  const violations: string[] = [];
  let imports = 0;
  for (const file of sources()) {
    for (const [, specifier = ""] of readFileSync(join("src", file), "utf8").matchAll(IMPORT)) {
      imports += 1;
      const violation = forbidden(file, specifier);
      if (violation) violations.push(violation);
    }
  }
  expect(violations).toEqual([]);
  // A check that sees nothing passes everything.
  expect(imports).toBeGreaterThan(100);
});

test("every source file belongs to a layer of the table", () => {
  const strays = sources().filter((file) => !(layerOf(file) in MAY_IMPORT));
  expect(strays).toEqual([]);
});
