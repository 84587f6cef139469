import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { chunksOf, orderFromText } from "../order.ts";
import { importPeer, RESUMABLE_STREAM } from "./peer-package.ts";
import { doneFrame, frameOf } from "./raw-http.ts";
import { CREATE_PATH, STREAM_PATH } from "./subject.ts";
import type { StartSubject } from "./subject.ts";

interface Context {
  createNewResumableStream(
    id: string,
    make: () => ReadableStream<string>,
  ): Promise<ReadableStream<string> | null>;
  resumeExistingStream(id: string): Promise<ReadableStream<string> | null | undefined>;
}

interface Exports {
  readonly createResumableStreamContext: (options: {
    readonly waitUntil: null;
    readonly subscriber: Redis;
    readonly publisher: Redis;
  }) => Context;
}

/**
 * `resumable-stream` as its documentation shows it, on ioredis. It stores no chunk: the one who produces keeps all of
 * them in memory, and what is over can be read no more.
 *
 * The one who creates a stream is also given it without a detour; viewers get it through Redis. So that all subjects are
 * measured alike, the answer here comes from a viewer's stream.
 */
export const startResumableStream: StartSubject = async ({ redisUrl, peers }) => {
  const { createResumableStreamContext: createContext } = await importPeer<Exports>(peers, RESUMABLE_STREAM);
  const context = createContext({
    waitUntil: null,
    subscriber: new Redis(redisUrl),
    publisher: new Redis(redisUrl),
  });
  let streams = 0;

  async function create(request: IncomingMessage): Promise<string> {
    let order = "";
    for await (const data of request) order += String(data);
    const id = `peer-${++streams}`;
    const made = await context.createNewResumableStream(id, () => framesOf(order));
    if (made) void readOn(made);
    return id;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "" } = request;
    const id = url.startsWith(CREATE_PATH) ? await create(request) : url.slice(STREAM_PATH.length);
    const frames = await context.resumeExistingStream(id);
    response.writeHead(frames ? 200 : 404, { "content-type": "text/event-stream", "x-conversation-id": id });
    response.flushHeaders();
    for await (const frame of frames ?? []) response.write(frame);
    response.end();
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port };
};

function framesOf(order: string): ReadableStream<string> {
  return new ReadableStream({
    async start(controller) {
      let seq = 0;
      for await (const chunk of chunksOf(orderFromText(order))) {
        controller.enqueue(frameOf(`1-${++seq}`, chunk));
      }
      controller.enqueue(doneFrame(`1-${++seq}`));
      controller.close();
    },
  });
}

async function readOn(frames: ReadableStream<string>): Promise<void> {
  const reader = frames.getReader();
  while (!(await reader.read()).done);
}
