import { stampedChunk } from "../order.ts";
import type { WriteOrder } from "./subject.ts";

/** Stores some chunks of one conversation; resolves when they are stored. */
export type StoreChunks = (chunks: readonly string[]) => Promise<unknown>;

/** The same load for every subject: conversations side by side, each waiting for its batch before the next one. */
export async function writeChunks(
  { chunks, batch }: WriteOrder,
  conversations: readonly StoreChunks[],
): Promise<number> {
  const began = performance.now();
  await Promise.all(
    conversations.map(async (store) => {
      for (let written = 0; written < chunks; written += batch) {
        await store(Array.from({ length: batch }, stampedChunk));
      }
    }),
  );
  return (conversations.length * chunks * 1000) / (performance.now() - began);
}
