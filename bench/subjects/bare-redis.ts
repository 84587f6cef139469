import { Redis } from "ioredis";
import { chunksOf, orderFromText } from "../order.ts";
import { serveRaw } from "./raw-http.ts";
import type { RawExchange } from "./raw-http.ts";
import { CREATE_PATH } from "./subject.ts";
import type { StartSubject } from "./subject.ts";

const APPEND = `
redis.call('XADD', KEYS[1], ARGV[1], 'd', ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[2])
return 1
`;
const PAGE = 1000;

/**
 * The floor on Redis: one script with XADD and PUBLISH a chunk, the published frame written to the socket as it is. It
 * has none of a product's duties: no fence, no resume, no holes repaired, no limits.
 */
export const startBareRedis: StartSubject = async ({ redisUrl }) => {
  const commands = new Redis(redisUrl, { enableAutoPipelining: true });
  const subscriber = new Redis(redisUrl);
  const readers = new Map<string, RawExchange["socket"]>();
  const sha = String(await commands.script("LOAD", APPEND));
  let streams = 0;

  subscriber.on("message", (key: string, frame: string) => readers.get(key)?.write(frame));

  async function create({ body, socket }: RawExchange): Promise<void> {
    const key = `bare:${++streams}`;
    readers.set(key, socket);
    await subscriber.subscribe(key);
    let seq = 0;
    const append = (event: string, data: string): Promise<unknown> => {
      const id = `1-${++seq}`;
      return commands.evalsha(sha, 1, key, id, `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
    };
    for await (const chunk of chunksOf(orderFromText(body))) await append("message", chunk);
    await append("done", "[DONE]");
    await subscriber.unsubscribe(key);
    readers.delete(key);
    socket.end();
  }

  async function replay({ socket }: RawExchange): Promise<void> {
    let after = "-";
    for (;;) {
      const rows = await commands.xrange(`bare:${streams}`, after, "+", "COUNT", PAGE);
      socket.write(rows.map(([, fields]) => fields[1]).join(""));
      if (rows.length < PAGE) break;
      after = `(${rows.at(-1)?.[0]}`;
    }
    socket.end();
  }

  const port = await serveRaw((exchange) => {
    void (exchange.path.startsWith(CREATE_PATH) ? create(exchange) : replay(exchange));
  });
  return { port };
};
