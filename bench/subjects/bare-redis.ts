import { Redis } from "ioredis";
import { chunksOf } from "../order.ts";
import { doneFrame, frameOf, serveRaw } from "./raw-http.ts";
import type { Audience } from "./raw-http.ts";
import type { StartSubject } from "./subject.ts";
import { writeChunks } from "./write-chunks.ts";

const APPEND = `
for entry = 1, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[entry], 'd', ARGV[entry + 1]) end
local frames = {}
for entry = 2, #ARGV, 2 do frames[#frames + 1] = ARGV[entry] end
redis.call('PUBLISH', KEYS[1], table.concat(frames))
return 1
`;
const PAGE = 1000;

/**
 * The floor on Redis: one script with XADD and PUBLISH, the published frame written to the sockets as it is. It has none
 * of a product's duties: no fence, no resume, no holes repaired, no limits.
 */
export const startBareRedis: StartSubject = async ({ redisUrl }) => {
  const commands = new Redis(redisUrl, { enableAutoPipelining: true });
  const subscriber = new Redis(redisUrl);
  const audiences = new Map<string, Audience>();
  const sha = String(await commands.script("LOAD", APPEND));
  let writes = 0;

  subscriber.on("message", (key: string, frames: string) => {
    const bytes = Buffer.from(frames);
    for (const socket of audiences.get(key) ?? []) socket.write(bytes);
  });

  const port = await serveRaw({
    async create(stream, order, audience) {
      const key = `bare:${stream}`;
      audiences.set(key, audience);
      await subscriber.subscribe(key);
      let seq = 0;
      for await (const chunk of chunksOf(order)) {
        const id = `1-${++seq}`;
        await commands.evalsha(sha, 1, key, id, frameOf(id, chunk));
      }
      const id = `1-${++seq}`;
      await commands.evalsha(sha, 1, key, id, doneFrame(id));
      await subscriber.unsubscribe(key);
      audiences.delete(key);
    },
    async replay(stream, afterId, socket) {
      let after = afterId === "" ? "-" : `(${afterId}`;
      for (;;) {
        const rows = await commands.xrange(`bare:${stream}`, after, "+", "COUNT", PAGE);
        socket.write(rows.map(([, fields]) => fields[1]).join(""));
        if (rows.length < PAGE) break;
        after = `(${rows.at(-1)?.[0]}`;
      }
      socket.end();
    },
  });

  return {
    port,
    write(order) {
      const run = ++writes;
      const conversations = Array.from({ length: order.conversations }, (_, index) => {
        let seq = 0;
        return (chunks: readonly string[]) => {
          const entries = chunks.flatMap((chunk) => {
            const id = `1-${++seq}`;
            return [id, frameOf(id, chunk)];
          });
          return commands.evalsha(sha, 1, `bare:write:${run}:${index}`, ...entries);
        };
      });
      return writeChunks(order, conversations);
    },
  };
};
