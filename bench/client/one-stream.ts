import { percentile } from "../statistics.ts";
import { countChunks, nowNs } from "./chunk-scanner.ts";
import type {
  Found,
  PreparedStream,
  ReplayMeasurement,
  ResumeMeasurement,
  WallMeasurement,
} from "./measurement.ts";
import { openOrder } from "./open-order.ts";
import { openRaw } from "./raw-stream.ts";
import type { Order } from "../order.ts";

/** Reads an order to its end, so that it can be replayed and resumed. */
export async function prepareStream(port: number, order: Order): Promise<Found> {
  const text: string[] = [];
  let missing = order.chunks;
  const complete = Promise.withResolvers<void>();
  const read = await openOrder(port, order, (bytes) => {
    text.push(bytes.toString("latin1"));
    missing -= countChunks(bytes);
    if (missing <= 0) complete.resolve();
  });
  await complete.promise;
  // Those that end their streams have ended it by now, or do at once.
  await Promise.race([read.stream.ended, new Promise((resolve) => setTimeout(resolve, 300))]);
  read.stream.socket.destroy();
  const ids = [...text.join("").matchAll(/id: ?([\d-]+)/g)].map(([, id = ""]) => id);
  const prepared: PreparedStream = { port: read.port, path: read.path, ids };
  return { values: {}, prepared };
}

export async function measureReplay({ port, path, chunks, times }: ReplayMeasurement): Promise<Found> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    let missing = chunks;
    const complete = Promise.withResolvers<void>();
    const began = nowNs();
    const { socket, ended } = openRaw({ port, method: "GET", path, from: time }, (bytes) => {
      missing -= countChunks(bytes);
      if (missing === 0) complete.resolve();
    });
    await Promise.race([complete.promise, ended]);
    took.push((nowNs() - began) / 1e6);
    socket.destroy();
    if (missing !== 0) throw new Error(`A replay gave ${chunks - missing} of ${chunks} chunks.`);
  }
  return { values: { p50: percentile(took, 0.5), perSecond: chunks / (percentile(took, 0.5) / 1000) } };
}

export async function measureResume(measurement: ResumeMeasurement): Promise<Found> {
  const { port, path, after, chunks, times } = measurement;
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    let missing = chunks;
    let firstAt = 0;
    const began = nowNs();
    const request = { port, method: "GET", path, lastEventId: after, from: time } as const;
    const { socket, ended } = openRaw(request, (bytes) => {
      firstAt ||= nowNs();
      missing -= countChunks(bytes);
    });
    await ended;
    socket.destroy();
    took.push((firstAt - began) / 1e6);
    if (missing !== 0) throw new Error(`A resume gave ${chunks - missing} of ${chunks} chunks.`);
  }
  return { values: { p50: percentile(took, 0.5), p99: percentile(took, 0.99) } };
}

export async function measureWall({ port, order, chunks, times }: WallMeasurement): Promise<Found> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    let missing = chunks;
    const began = nowNs();
    const { stream } = await openOrder(
      port,
      order,
      (bytes) => {
        missing -= countChunks(bytes);
      },
      time,
    );
    await stream.ended;
    took.push((nowNs() - began) / 1e6);
    stream.socket.destroy();
    if (missing !== 0) throw new Error(`A run gave ${chunks - missing} of ${chunks} chunks.`);
  }
  return { values: { p50: percentile(took, 0.5), p99: percentile(took, 0.99) } };
}
