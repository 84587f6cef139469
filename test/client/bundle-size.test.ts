import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

/** What a page pays for each part, in gzipped bytes with everything it imports; raised only on purpose. */
const BUDGETS = {
  "createHoldfastClient, createDurableFetch": 10_240,
  createHoldfastClient: 8_704,
  createDurableFetch: 3_072,
} as const;

async function gzipBytes(
  names: string,
): Promise<{ readonly bytes: number; readonly outside: readonly string[] }> {
  const entry = "virtual:page";
  const build = await rolldown({
    input: entry,
    platform: "browser",
    resolve: { conditionNames: ["holdfast-source", "import", "default"] },
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry
            ? `import { ${names} } from ${JSON.stringify(new URL("../../src/client/index.ts", import.meta.url).pathname)};
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

it.each(Object.entries(BUDGETS))("%s stays within %i bytes", async (names, budget) => {
  const { bytes, outside } = await gzipBytes(names);
  console.log(`${names}: ${bytes} bytes gzipped, budget ${budget}`);
  expect(outside).toEqual([]);
  expect(bytes).toBeLessThanOrEqual(budget);
});
