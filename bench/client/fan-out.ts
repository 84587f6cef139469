import { percentile } from "../statistics.ts";
import { countChunks, createStampScanner, nowNs } from "./chunk-scanner.ts";
import type { FanOutMeasurement, Found, HoldMeasurement } from "./measurement.ts";
import { openOrder } from "./open-order.ts";
import { openRaw } from "./raw-stream.ts";
import type { RawStream } from "./raw-stream.ts";

const OPENING_AT_ONCE = 200;
/** Ages are in steps of 0.01 ms: a crowd's are too many to keep one by one. */
const STEPS_A_MS = 100;
const MAX_AGE_MS = 20_000;

/**
 * One viewer reads the stamps; of the others it is enough to count, since all of them get the same chunks in the same
 * order. A chunk that comes to a viewer before its stamp is known waits for it.
 */
export async function measureFanOut({ port, viewers, order }: FanOutMeasurement): Promise<Found> {
  const { chunks } = order;
  const stamps: number[] = [];
  const early: number[][] = [];
  const first = new Float64Array(chunks).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(chunks);
  const ages = new Uint32Array(MAX_AGE_MS * STEPS_A_MS + 1);
  const complete = Promise.withResolvers<void>();
  let missing = viewers * chunks;

  function addAge(chunk: number, at: number): void {
    const age = (at - (stamps[chunk] ?? 0)) / 1e6;
    const step = Math.min(Math.max(0, Math.round(age * STEPS_A_MS)), ages.length - 1);
    ages[step] = (ages[step] ?? 0) + 1;
  }

  function arrived(chunk: number, at: number): void {
    if (at < (first[chunk] ?? 0)) first[chunk] = at;
    if (at > (last[chunk] ?? 0)) last[chunk] = at;
    if (stamps[chunk] === undefined) (early[chunk] ??= []).push(at);
    else addAge(chunk, at);
    missing -= 1;
    if (missing === 0) complete.resolve();
  }

  const scan = createStampScanner((stamp) => {
    const chunk = stamps.push(stamp) - 1;
    for (const at of early[chunk] ?? []) addAge(chunk, at);
    arrived(chunk, nowNs());
  });
  const counting = (): ((bytes: Buffer) => void) => {
    let counted = 0;
    return (bytes) => {
      const at = nowNs();
      const count = countChunks(bytes);
      for (let index = 0; index < count; index++) arrived(counted++, at);
    };
  };

  const open = await openViewers(port, order, viewers, scan, counting);
  try {
    if (stamps.length > 0) throw new Error("The first chunk came before the last viewer was there.");
    await complete.promise;
  } finally {
    for (const { socket } of open) socket.destroy();
  }

  const seconds = (Math.max(...last) - Math.min(...first)) / 1e9;
  const spreads = Array.from(last, (at, chunk) => (at - (first[chunk] ?? at)) / 1e6);
  return {
    values: {
      p50: ageAt(ages, 0.5),
      p99: ageAt(ages, 0.99),
      spread: percentile(spreads, 0.99),
      perSecond: (viewers * chunks) / seconds,
    },
  };
}

let held: readonly RawStream[] = [];

/** Resolves when the first chunk has come to every viewer, and leaves them as they are. */
export async function holdViewers({ port, viewers, order }: HoldMeasurement): Promise<Found> {
  const complete = Promise.withResolvers<void>();
  let missing = viewers;
  const arrival = (bytes: Buffer): void => {
    missing -= countChunks(bytes);
    if (missing <= 0) complete.resolve();
  };
  held = await openViewers(port, order, viewers, arrival, () => arrival);
  await complete.promise;
  return { values: {} };
}

export function releaseViewers(): Found {
  for (const { socket } of held) socket.destroy();
  held = [];
  return { values: {} };
}

async function openViewers(
  port: number,
  order: FanOutMeasurement["order"],
  viewers: number,
  onFirst: (bytes: Buffer) => void,
  onOther: () => (bytes: Buffer) => void,
): Promise<readonly RawStream[]> {
  const created = await openOrder(port, order, onFirst);
  const open: RawStream[] = [created.stream];
  while (open.length < viewers) {
    const some = Array.from({ length: Math.min(OPENING_AT_ONCE, viewers - open.length) }, (_, index) =>
      openRaw(
        { port: created.port, method: "GET", path: created.path, from: open.length + index },
        onOther(),
      ),
    );
    await Promise.all(some.map((stream) => stream.opened));
    open.push(...some);
  }
  return open;
}

function ageAt(ages: Uint32Array, fraction: number): number {
  const total = ages.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [step, count] of ages.entries()) {
    seen += count;
    if (seen > fraction * total) return step / STEPS_A_MS;
  }
  return Number.NaN;
}
