import { CHUNK_END } from "../order.ts";

const END_BYTE = CHUNK_END.charCodeAt(0);
/** From the stamp's first digit to the chunk's last byte. */
const CHUNK_BYTES = 103;

/** Finds the chunks in a stream's bytes, however they are cut, without parsing what is around them. */
export type ChunkScanner = (bytes: Buffer) => void;

/** Calls back with each chunk's stamp: nanoseconds of the common clock. */
export function createStampScanner(onStamp: (stamp: number) => void): ChunkScanner {
  let tail: Buffer | undefined;
  return (bytes) => {
    const all = tail ? Buffer.concat([tail, bytes]) : bytes;
    tail = undefined;
    let from = 0;
    for (let at = all.indexOf(END_BYTE); at !== -1; at = all.indexOf(END_BYTE, from)) {
      from = at + 1;
      onStamp(stampAt(all, from - CHUNK_BYTES));
    }
    // The buffer is shared: what a chunk has begun with is kept as a copy.
    if (from < all.length) tail = Buffer.from(all.subarray(Math.max(from, all.length - CHUNK_BYTES)));
  };
}

/** Calls back with how many chunks have ended in each piece, which is all that a crowd of viewers needs. */
export function countChunks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(END_BYTE); at !== -1; at = bytes.indexOf(END_BYTE, at + 1)) count += 1;
  return count;
}

/** The stamp of a chunk that begins here; digits up to a space, as a number: good to a microsecond. */
function stampAt(bytes: Buffer, at: number): number {
  let stamp = 0;
  for (let index = at; ; index++) {
    const byte = bytes[index];
    if (byte === undefined || byte < 48 || byte > 57) return stamp;
    stamp = stamp * 10 + (byte - 48);
  }
}

export function nowNs(): number {
  return Number(process.hrtime.bigint());
}
