import { fork } from "node:child_process";
import { once } from "node:events";
import { openRaw } from "./client/raw-stream.ts";
import { orderToText } from "./order.ts";
import { CREATE_PATH } from "./subjects/subject.ts";

const LIMIT_MS = 20_000;

/** Starts a server in a new process and ends it; gives the milliseconds until its first request was accepted. */
export async function startFresh(kind: "bare" | "embedded", directory: string): Promise<number> {
  const began = performance.now();
  const child = fork(new URL(`start-${kind}.process.ts`, import.meta.url), [directory], {
    execArgv: process.execArgv,
  });
  try {
    const [{ port }] = (await once(child, "message", { signal: AbortSignal.timeout(LIMIT_MS) })) as [
      { readonly port: number },
    ];
    const body = orderToText({ chunks: 1, everyMs: 0 });
    const { opened, socket } = openRaw({ port, method: "POST", path: CREATE_PATH, body }, () => {});
    await opened;
    const took = performance.now() - began;
    socket.destroy();
    return took;
  } finally {
    child.kill("SIGKILL");
  }
}
