import type { Order } from "../order.ts";
import { percentile } from "../statistics.ts";
import { createStampScanner, nowNs } from "./chunk-scanner.ts";
import type { Found, LatencyMeasurement } from "./measurement.ts";
import { openOrder } from "./open-order.ts";

/** How many streams are asked for at a time: a queue of connections that overflows would be measured otherwise. */
const OPENING_AT_ONCE = 100;

/**
 * How old chunks are when they arrive. Where only the steady state counts, what was made before all streams had brought
 * their first chunk, or after one of them was given its last, is read and not counted: thousands of streams that begin and
 * end at once are a burst that no deployment has.
 */
export async function measureLatency({
  port,
  streams,
  order,
  steady = false,
}: LatencyMeasurement): Promise<Found> {
  const expected = streams * order.chunks;
  const madeAt = new Float64Array(expected);
  const ages = new Float64Array(expected);
  let arrived = 0;
  /** When the last of the streams began, and when the first of them ended. */
  let allBegan = 0;
  let oneEnded = Infinity;
  const complete = Promise.withResolvers<void>();
  const opened: Promise<() => void>[] = [];
  for (let stream = 0; stream < streams; stream++) {
    let missing = order.chunks;
    const scan = createStampScanner((stamp) => {
      const now = nowNs();
      if (missing === order.chunks) allBegan = now;
      missing -= 1;
      if (missing === 0 && oneEnded === Infinity) oneEnded = stamp;
      madeAt[arrived] = stamp;
      ages[arrived] = (now - stamp) / 1e6;
      arrived += 1;
      if (arrived === expected) complete.resolve();
    });
    const own = atItsOwnMoment(order);
    opened.push(openOrder(port, own, scan, stream).then((read) => () => read.stream.socket.destroy()));
    if (stream % OPENING_AT_ONCE === OPENING_AT_ONCE - 1) await Promise.all(opened);
  }
  const close = await Promise.all(opened);
  await complete.promise;
  for (const each of close) each();
  const counted = steady
    ? [...ages].filter((_, index) => isBetween(madeAt[index] ?? 0, allBegan, oneEnded))
    : [...ages];
  if (counted.length < streams)
    throw new Error("Some streams had ended before all had begun: there is too little to count.");
  return { values: { p50: percentile(counted, 0.5), p99: percentile(counted, 0.99) } };
}

/** Begins anywhere in an interval: how fast streams are opened must not decide how bunched their chunks are. */
function atItsOwnMoment(order: Order): Order {
  if (order.headStartMs === undefined) return order;
  return { ...order, headStartMs: order.headStartMs + Math.random() * order.everyMs };
}

function isBetween(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}
