import { createParser } from "eventsource-parser";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { ageOf, orderToText } from "./order.ts";
import type { Order } from "./order.ts";
import { CREATE_PATH, STREAM_PATH } from "./subjects/subject.ts";

export type Measurement = LatencyMeasurement | ReplayMeasurement;

/** How old each chunk is when its event has been parsed here. */
export interface LatencyMeasurement {
  readonly kind: "latency";
  readonly port: number;
  readonly streams: number;
  readonly order: Order;
}

/** How long a finished stream takes from the request to the last byte, `times` times one after the other. */
export interface ReplayMeasurement {
  readonly kind: "replay";
  readonly port: number;
  readonly conversation: string;
  readonly events: number;
  readonly times: number;
}

/** Milliseconds, one for each chunk of all the streams. */
export async function measureLatency({
  port,
  streams,
  order,
}: LatencyMeasurement): Promise<readonly number[]> {
  const read = await Promise.all(Array.from({ length: streams }, () => readLive(port, order)));
  return read.flatMap(({ ages }) => ages);
}

/** Milliseconds, one for each time. */
export async function measureReplay(measurement: ReplayMeasurement): Promise<readonly number[]> {
  const times: number[] = [];
  for (let time = 0; time < measurement.times; time++) times.push(await replayOnce(measurement));
  return times;
}

/** Lets a subject stream an order and reads it to the end; gives the conversation with each chunk's age. */
export async function readLive(
  port: number,
  order: Order,
): Promise<{ readonly conversation: string; readonly ages: readonly number[] }> {
  const response = await open(port, "POST", CREATE_PATH, orderToText(order));
  const ages: number[] = [];
  let done = false;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === "message") ages.push(ageOf(data));
      if (event === "done") done = true;
    },
  });
  response.setEncoding("utf8");
  for await (const text of response) parser.feed(text);
  if (!done || ages.length !== order.chunks) {
    throw new Error(`A stream gave ${ages.length} of ${order.chunks} chunks.`);
  }
  return { conversation: String(response.headers["x-conversation-id"]), ages };
}

async function replayOnce({ port, conversation, events }: ReplayMeasurement): Promise<number> {
  const began = process.hrtime.bigint();
  const response = await open(port, "GET", `${STREAM_PATH}${encodeURIComponent(conversation)}`);
  const received: Buffer[] = [];
  for await (const data of response) received.push(data);
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  // Counted after the time is taken: the same for all, and none of their business.
  const found = Buffer.concat(received).toString("utf8").split("event: message\n").length - 1;
  if (found !== events) throw new Error(`A replay gave ${found} of ${events} events.`);
  return took;
}

function open(port: number, method: string, path: string, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream", "content-type": "text/plain" };
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
