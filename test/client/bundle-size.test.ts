import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

interface Part {
  /** What is exported under `holdfast/`. */
  readonly module: "client" | "client/react";
  readonly names: string;
  /** What it leaves to the page: for React it is the page's own. */
  readonly outside: readonly string[];
  readonly budget: number;
}

/** What a page pays for each part, in gzipped bytes with everything it imports; raised only on purpose. */
const PARTS: readonly Part[] = [
  { module: "client", names: "createHoldfastClient, createDurableFetch", outside: [], budget: 10_240 },
  { module: "client", names: "createHoldfastClient", outside: [], budget: 8_704 },
  { module: "client", names: "createDurableFetch", outside: [], budget: 3_072 },
  { module: "client/react", names: "useConversation", outside: ["react"], budget: 14_080 },
  { module: "client/react", names: "createConversationView", outside: [], budget: 7_168 },
];

async function gzipBytes({ module, names }: Part) {
  const entry = "virtual:page";
  const source = new URL(`../../src/${module}/index.ts`, import.meta.url).pathname;
  const build = await rolldown({
    input: entry,
    platform: "browser",
    external: ["react"],
    resolve: { conditionNames: ["holdfast-source", "import", "default"] },
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry
            ? `import { ${names} } from ${JSON.stringify(source)};
               globalThis.holdfast = { ${names} };`
            : undefined,
      },
    ],
  });
  const { output } = await build.generate({ minify: true });
  await build.close();
  expect(output).toHaveLength(1);
  return { bytes: gzipSync(output[0].code).byteLength, outside: output[0].imports };
}

it.each(PARTS)("$names stays within $budget bytes", async (part) => {
  const { bytes, outside } = await gzipBytes(part);
  console.log(`${part.names}: ${bytes} bytes gzipped, budget ${part.budget}`);
  expect(outside).toEqual(part.outside);
  expect(bytes).toBeLessThanOrEqual(part.budget);
});
