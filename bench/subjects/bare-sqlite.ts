import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { chunksOf, sleep } from "../order.ts";
import { doneFrame, frameOf, serveRaw } from "./raw-http.ts";
import type { Audience } from "./raw-http.ts";
import type { StartSubject } from "./subject.ts";
import { writeChunks } from "./write-chunks.ts";

/**
 * The embedded floor: one INSERT a chunk, what one turn of the event loop brings shares a commit (and its fsync), then
 * the frames go to their sockets. It has none of a product's duties: no fence, no resume, no followers, no limits.
 */
export const startBareSqlite: StartSubject = async ({ directory }) => {
  const database = new DatabaseSync(join(directory, "bare.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.exec("CREATE TABLE log (stream INTEGER, seq INTEGER, frame TEXT, PRIMARY KEY (stream, seq))");
  const insert = database.prepare("INSERT INTO log VALUES (?, ?, ?)");
  const select = database.prepare("SELECT frame FROM log WHERE stream = ? AND seq > ? ORDER BY seq");
  let waiting: { readonly frame: string; readonly audience: Audience; readonly stored: () => void }[] = [];
  let writes = 0;

  function append(stream: number, seq: number, frame: string, audience: Audience): Promise<void> {
    return new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(commit);
      if (waiting.length === 0) database.exec("BEGIN");
      insert.run(stream, seq, frame);
      waiting.push({ frame, audience, stored: resolve });
    });
  }

  function commit(): void {
    database.exec("COMMIT");
    const stored = waiting;
    waiting = [];
    for (const each of stored) {
      const bytes = Buffer.from(each.frame);
      for (const socket of each.audience) socket.write(bytes);
      each.stored();
    }
  }

  const port = await serveRaw({
    async create(stream, order, audience) {
      let seq = 0;
      for await (const chunk of chunksOf(order)) {
        seq += 1;
        await append(stream, seq, frameOf(`1-${seq}`, chunk), audience);
      }
      seq += 1;
      await append(stream, seq, doneFrame(`1-${seq}`), audience);
    },
    async replay(stream, after, socket) {
      await sleep(0);
      const rows = select.all(stream, Number(after.slice(2)));
      socket.end(rows.map((row) => String(row["frame"])).join(""));
    },
  });

  return {
    port,
    write(order) {
      const nobody: Audience = new Set();
      const conversations = Array.from({ length: order.conversations }, () => {
        const stream = -++writes;
        let seq = 0;
        return (chunks: readonly string[]) =>
          Promise.all(
            chunks.map((chunk) => {
              seq += 1;
              return append(stream, seq, frameOf(`1-${seq}`, chunk), nobody);
            }),
          );
      });
      return writeChunks(order, conversations);
    },
  };
};
