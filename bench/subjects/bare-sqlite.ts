import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { chunksOf, orderFromText, sleep } from "../order.ts";
import { serveRaw } from "./raw-http.ts";
import type { RawExchange } from "./raw-http.ts";
import { CREATE_PATH } from "./subject.ts";
import type { StartSubject } from "./subject.ts";

/**
 * The embedded floor: one INSERT a chunk, what one turn of the event loop brings shares a commit (and its fsync), then
 * the frames go to their sockets. It has none of a product's duties: no fence, no resume, no followers, no limits.
 */
export const startBareSqlite: StartSubject = async ({ directory }) => {
  const database = new DatabaseSync(join(directory, "bare.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.exec("CREATE TABLE log (stream INTEGER, seq INTEGER, frame TEXT, PRIMARY KEY (stream, seq))");
  const insert = database.prepare("INSERT INTO log VALUES (?, ?, ?)");
  const select = database.prepare("SELECT frame FROM log WHERE stream = ? ORDER BY seq");
  let waiting: {
    readonly frame: string;
    readonly socket: RawExchange["socket"];
    readonly stored: () => void;
  }[] = [];
  let streams = 0;

  function append(stream: number, seq: number, frame: string, socket: RawExchange["socket"]): Promise<void> {
    return new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(commit);
      if (waiting.length === 0) database.exec("BEGIN");
      insert.run(stream, seq, frame);
      waiting.push({ frame, socket, stored: resolve });
    });
  }

  function commit(): void {
    database.exec("COMMIT");
    const stored = waiting;
    waiting = [];
    for (const each of stored) {
      each.socket.write(each.frame);
      each.stored();
    }
  }

  async function create({ body, socket }: RawExchange): Promise<void> {
    const stream = ++streams;
    let seq = 0;
    const write = (event: string, data: string): Promise<void> => {
      const frame = `id: 1-${++seq}\nevent: ${event}\ndata: ${data}\n\n`;
      return append(stream, seq, frame, socket);
    };
    for await (const chunk of chunksOf(orderFromText(body))) await write("message", chunk);
    await write("done", "[DONE]");
    socket.end();
  }

  async function replay({ socket }: RawExchange): Promise<void> {
    await sleep(0);
    socket.end(
      select
        .all(streams)
        .map((row) => String(row["frame"]))
        .join(""),
    );
  }

  const port = await serveRaw((exchange) => {
    void (exchange.path.startsWith(CREATE_PATH) ? create(exchange) : replay(exchange));
  });
  return { port };
};
