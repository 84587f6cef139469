import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "../test/support/redis-server.ts";
import type { Measurement } from "./measurements.ts";
import type { SubjectName } from "./subjects/index.ts";

/** How long one measurement may take. */
const LIMIT_MS = 60_000;

/** A Redis of our own, a process for each subject that is asked for, and one client process for them all. */
export interface Lab {
  /** The port of a subject, started when it is first asked for. */
  port(subject: SubjectName): Promise<number>;
  /** Has the client process measure; gives milliseconds. */
  measure(measurement: Measurement): Promise<readonly number[]>;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const redis = await startRedisServer();
  const directory = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const client = start("client.process.ts", []);
  const ports = new Map<SubjectName, Promise<number>>();
  const children = [client];

  async function startSubject(subject: SubjectName): Promise<number> {
    const own = await mkdtemp(join(directory, `${subject}-`));
    const child = start("subject.process.ts", [subject, redis.url, own]);
    children.push(child);
    const { port } = await answerOf<{ readonly port: number }>(child);
    return port;
  }

  return {
    port(subject) {
      const port = ports.get(subject) ?? startSubject(subject);
      ports.set(subject, port);
      return port;
    },
    async measure(measurement) {
      const answered = answerOf<{ readonly result?: readonly number[]; readonly failed?: string }>(client);
      client.send(measurement);
      const { result, failed } = await answered;
      if (result) return result;
      throw new Error(`${failed} (${measurement.kind})`);
    },
    async close() {
      await Promise.all(children.map(end));
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function start(file: string, args: readonly string[]): ChildProcess {
  return fork(new URL(file, import.meta.url), args, { execArgv: process.execArgv });
}

/** The next message of a child; rejects when it ends before, or takes too long. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const settled = new AbortController();
  const options = { signal: AbortSignal.any([settled.signal, AbortSignal.timeout(LIMIT_MS)]) };
  try {
    const ended = once(child, "exit", options).then(([code]) => {
      throw new Error(`A process of the bench ended with ${code}.`);
    });
    const [answer] = await Promise.race([once(child, "message", options), ended]);
    return answer as Answer;
  } finally {
    settled.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
