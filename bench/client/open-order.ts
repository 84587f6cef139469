import { orderToText } from "../order.ts";
import type { Order } from "../order.ts";
import { CREATE_PATH, STREAM_PATH } from "../subjects/subject.ts";
import { headerOf, openRaw } from "./raw-stream.ts";
import type { RawStream } from "./raw-stream.ts";

export interface OpenOrder {
  /** Where others can read the same stream: the port and the path. */
  readonly port: number;
  readonly path: string;
  readonly stream: RawStream;
}

/** Has a subject stream an order; a subject whose streams are read elsewhere says where, and is read there. */
export async function openOrder(
  port: number,
  order: Order,
  onBytes: (bytes: Buffer) => void,
  from = 0,
): Promise<OpenOrder> {
  const created = openRaw(
    { port, method: "POST", path: CREATE_PATH, body: orderToText(order), from },
    onBytes,
  );
  const head = await created.opened;
  const elsewhere = headerOf(head, "x-read-at");
  if (elsewhere === undefined) {
    const conversation = encodeURIComponent(headerOf(head, "x-conversation-id") ?? "");
    return { port, path: `${STREAM_PATH}${conversation}`, stream: created };
  }
  const url = new URL(elsewhere);
  const path = `${url.pathname}${url.search}`;
  const stream = openRaw({ port: Number(url.port), method: "GET", path, from }, onBytes);
  await stream.opened;
  return { port: Number(url.port), path, stream };
}
