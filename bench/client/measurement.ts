import type { Order } from "../order.ts";

/** One thing for the client process to measure. */
export type Measurement =
  | LatencyMeasurement
  | FanOutMeasurement
  | HoldMeasurement
  | { readonly kind: "release" }
  | ReplayMeasurement
  | ResumeMeasurement
  | WallMeasurement
  | { readonly kind: "prepare"; readonly port: number; readonly order: Order };

/** How old each chunk of many streams with one viewer each is when it arrives. */
export interface LatencyMeasurement {
  readonly kind: "latency";
  readonly port: number;
  readonly streams: number;
  readonly order: Order;
  /** Whether only chunks count that were made while all streams flowed. Default: all do. */
  readonly steady?: boolean;
}

/** The same for one stream with many viewers; and how many chunks arrive a second in all. */
export interface FanOutMeasurement {
  readonly kind: "fan-out";
  readonly port: number;
  readonly viewers: number;
  readonly order: Order;
}

/** Opens many viewers of one stream and keeps them open, until `release`. */
export interface HoldMeasurement {
  readonly kind: "hold";
  readonly port: number;
  readonly viewers: number;
  readonly order: Order;
}

/** How long a finished stream takes from the request to the last byte, `times` times one after the other. */
export interface ReplayMeasurement {
  readonly kind: "replay";
  readonly port: number;
  readonly path: string;
  readonly chunks: number;
  readonly times: number;
}

/** How long after the request the first of the chunks after a cursor arrives. */
export interface ResumeMeasurement {
  readonly kind: "resume";
  readonly port: number;
  readonly path: string;
  readonly after: string;
  readonly chunks: number;
  readonly times: number;
}

/** How long an order takes from the request to the last byte. */
export interface WallMeasurement {
  readonly kind: "wall";
  readonly port: number;
  readonly order: Order;
  readonly chunks: number;
  readonly times: number;
}

/** What a measurement found: numbers by name, and what was prepared. */
export interface Found {
  readonly values: Readonly<Partial<Record<MetricName, number>>>;
  /** Of a prepared stream: where it is, and the ids of its chunks. */
  readonly prepared?: PreparedStream;
}

export interface PreparedStream {
  readonly port: number;
  readonly path: string;
  readonly ids: readonly string[];
}

/** Milliseconds, but for `perSecond` (a rate), `memory`, `burst` and `heap` (KiB) and `processor` (µs). */
export type MetricName = "p50" | "p99" | "spread" | "perSecond" | "memory" | "burst" | "heap" | "processor";
