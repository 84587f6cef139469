// Readers that start runs, are cut at random, resume by cursor, and check that they got every chunk exactly once.
import { headerOf, openRaw } from "./client/raw-stream.ts";
import { orderToText } from "./order.ts";
import { CREATE_PATH, STREAM_PATH } from "./subjects/subject.ts";

const READERS = 40;
const CHUNKS = 40;
const EVERY_MS = 10;
const CUT_AT_MOST = 4;

const port = Number(process.argv[2]);
const stopped = new AbortController();
let runs = 0;
let cuts = 0;
let failed: string | undefined;

process.on("message", () => {
  stopped.abort();
});
process.once("disconnect", () => process.exit());

await Promise.all(Array.from({ length: READERS }, (_, reader) => readOn(reader)));
process.send?.({ runs, cuts, failed });

async function readOn(reader: number): Promise<void> {
  while (!stopped.signal.aborted && failed === undefined) {
    try {
      await runOnce(reader);
      runs += 1;
    } catch (error) {
      failed = String(error);
    }
  }
}

/** One run, read in pieces. */
async function runOnce(reader: number): Promise<void> {
  const body = orderToText({ chunks: CHUNKS, everyMs: EVERY_MS, headStartMs: 5 });
  let path = "";
  let lastEventId: string | undefined;
  let chunks = 0;
  for (let piece = 0; ; piece++) {
    const cutAfter = piece < CUT_AT_MOST ? Math.random() * 200 : undefined;
    const request =
      piece === 0
        ? ({ port, method: "POST", path: CREATE_PATH, body, from: reader } as const)
        : ({ port, method: "GET", path, from: reader, ...(lastEventId && { lastEventId }) } as const);
    const read = await readPiece(request, cutAfter);
    path ||= `${STREAM_PATH}${encodeURIComponent(read.conversation)}`;
    // Only whole events count: one that was cut comes again.
    for (const event of read.text.split("\n\n").slice(0, -1)) {
      const id = /id: ([\d-]+)/.exec(event)?.[1];
      if (event.includes("event: message")) chunks += 1;
      lastEventId = id ?? lastEventId;
      if (!event.includes("event: done")) continue;
      if (chunks !== CHUNKS) throw new Error(`A run gave ${chunks} of ${CHUNKS} chunks after ${piece} cuts.`);
      return;
    }
    cuts += 1;
  }
}

async function readPiece(
  request: Parameters<typeof openRaw>[0],
  cutAfter: number | undefined,
): Promise<{ readonly conversation: string; readonly text: string }> {
  let text = "";
  const { socket, opened, ended } = openRaw(request, (bytes) => {
    text += bytes.toString("latin1");
  });
  const conversation = headerOf(await opened, "x-conversation-id") ?? "";
  const timer = cutAfter === undefined ? undefined : setTimeout(() => socket.resetAndDestroy(), cutAfter);
  await ended;
  clearTimeout(timer);
  socket.destroy();
  return { conversation, text };
}
