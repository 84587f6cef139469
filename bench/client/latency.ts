import { percentile } from "../statistics.ts";
import { createStampScanner, nowNs } from "./chunk-scanner.ts";
import type { Found, LatencyMeasurement } from "./measurement.ts";
import { openOrder } from "./open-order.ts";

/** How many streams are asked for at a time: a queue of connections that overflows would be measured otherwise. */
const OPENING_AT_ONCE = 100;

export async function measureLatency({ port, streams, order }: LatencyMeasurement): Promise<Found> {
  const ages: number[] = [];
  const expected = streams * order.chunks;
  const complete = Promise.withResolvers<void>();
  const opened: Promise<() => void>[] = [];
  for (let stream = 0; stream < streams; stream++) {
    const scan = createStampScanner((stamp) => {
      ages.push((nowNs() - stamp) / 1e6);
      if (ages.length === expected) complete.resolve();
    });
    opened.push(openOrder(port, order, scan, stream).then((read) => () => read.stream.socket.destroy()));
    if (stream % OPENING_AT_ONCE === OPENING_AT_ONCE - 1) await Promise.all(opened);
  }
  const close = await Promise.all(opened);
  await complete.promise;
  for (const each of close) each();
  return { values: { p50: percentile(ages, 0.5), p99: percentile(ages, 0.99) } };
}
