import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openRaw } from "./client/raw-stream.ts";
import { orderToText } from "./order.ts";
import { CREATE_PATH } from "./subjects/subject.ts";

const LIMIT_MS = 20_000;

export interface FreshStart {
  /** What the server is loaded from; absent: the sources. */
  readonly entry?: string;
  /** Where Node keeps what it compiled, and finds it. */
  readonly compiled?: string;
}

/** Starts a server in a new process and ends it; gives the milliseconds until its first request was accepted. */
export async function startFresh(
  kind: "bare" | "embedded",
  directory: string,
  { entry, compiled }: FreshStart = {},
): Promise<number> {
  const began = performance.now();
  const args = entry === undefined ? [directory] : [directory, entry];
  const child = fork(new URL(`start-${kind}.process.ts`, import.meta.url), args, {
    execArgv: process.execArgv,
    env: compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: compiled },
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
    // Node keeps what it compiled as it exits.
    if (compiled !== undefined) await exitOf(child);
    return took;
  } finally {
    child.kill("SIGKILL");
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit", { signal: AbortSignal.timeout(LIMIT_MS) });
  child.disconnect();
  await exited;
}
