import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { chunksOf, orderFromText, sleep } from "../order.ts";
import { CREATE_PATH, STREAM_PATH } from "./subject.ts";
import type { StartSubject } from "./subject.ts";
import { writeChunks } from "./write-chunks.ts";

const TTL_S = 600;
const PAGE = 100;
const POLL_INTERVAL_MS = 1000;

/**
 * How the samples of reliable streaming that this project began from do it, on the same client library and server:
 * XADD and then EXPIRE for each chunk; readers XREAD up to 100 entries and sleep a second whenever there are none.
 */
export const startSamplesApproach: StartSubject = async ({ redisUrl }) => {
  const commands = new Redis(redisUrl);
  let streams = 0;

  async function run(key: string, order: string): Promise<void> {
    let sequence = 0;
    for await (const text of chunksOf(orderFromText(order))) await append(key, fieldsOf(text, sequence++));
    await append(key, [...fieldsOf("", sequence), "done", "true"]);
  }

  async function append(key: string, fields: readonly string[]): Promise<void> {
    await commands.xadd(key, "*", ...fields);
    await commands.expire(key, TTL_S);
  }

  async function stream(key: string, after: string, response: ServerResponse): Promise<void> {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-conversation-id": key,
    });
    response.flushHeaders();
    let cursor = after;
    for (;;) {
      const found = await commands.xread("COUNT", PAGE, "STREAMS", key, cursor);
      const entries = found?.[0]?.[1] ?? [];
      for (const [id, fields] of entries) {
        cursor = id;
        if (fields.includes("done")) {
          response.end(`id: ${id}\nevent: done\ndata: [DONE]\n\n`);
          return;
        }
        response.write(`id: ${id}\nevent: message\ndata: ${fields[1]}\n\n`);
      }
      if (entries.length === 0) await sleep(POLL_INTERVAL_MS);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "", headers } = request;
    if (!url.startsWith(CREATE_PATH)) {
      const key = decodeURIComponent(url.slice(STREAM_PATH.length));
      return stream(key, String(headers["last-event-id"] ?? "0-0"), response);
    }
    const key = `agent-stream:${++streams}`;
    let order = "";
    for await (const data of request) order += String(data);
    void run(key, order);
    return stream(key, "0-0", response);
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    write(order) {
      const conversations = Array.from({ length: order.conversations }, () => {
        const key = `agent-stream:${++streams}`;
        let sequence = 0;
        return async (chunks: readonly string[]) => {
          for (const chunk of chunks) await append(key, fieldsOf(chunk, sequence++));
        };
      });
      return writeChunks(order, conversations);
    },
  };
};

function fieldsOf(text: string, sequence: number): readonly string[] {
  return ["text", text, "sequence", String(sequence), "timestamp", String(Date.now())];
}
