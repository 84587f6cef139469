import { describe, test } from "vitest";
import { STORE_LAWS } from "../../testing/index.ts";
import { createMemoryStore } from "./memory-store.ts";

describe("the memory store keeps the law", () => {
  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const store = createMemoryStore(options);
      return { store, close: () => store.close() };
    });
  });
});
