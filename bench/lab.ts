import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "../test/support/redis-server.ts";
import type { Found, Measurement } from "./client/measurement.ts";
import type { SubjectName } from "./subjects/index.ts";
import type { WriteOrder } from "./subjects/subject.ts";
import type { SubjectQuestion, Usage } from "./subjects/usage.ts";

/** How long one measurement may take. */
const LIMIT_MS = 120_000;
/** How long a process may take to end by itself. */
const END_LIMIT_MS = 5_000;

/** A Redis of our own, a process for each subject that is asked for, and one client process for them all. */
export interface Lab {
  readonly redisUrl: string;
  /** An empty directory for whoever asks; all of them go with the lab. */
  directory(name: string): Promise<string>;
  /** The port of a subject, started when it is first asked for. */
  port(subject: SubjectName): Promise<number>;
  /** Has the client process measure. */
  measure(measurement: Measurement): Promise<Found>;
  /** What a subject's process uses now. */
  usage(subject: SubjectName): Promise<Usage>;
  /** Has a subject store chunks as fast as it can; gives chunks a second. */
  write(subject: SubjectName, order: WriteOrder): Promise<number>;
  /** Ends the processes of subjects: the next figure begins with new ones, and with an empty Redis. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface RunningSubject {
  readonly child: ChildProcess;
  readonly port: number;
}

export interface LabOptions {
  /** A folder whose `node_modules` has the peers; empty: there is none. */
  readonly peers: string;
  /** Where each subject's process leaves its CPU profile; empty: none is made. */
  readonly profiles: string;
}

export async function openLab({ peers, profiles }: LabOptions): Promise<Lab> {
  const redis = await startRedisServer();
  const directory = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const client = start("client.process.ts", []);
  const subjects = new Map<SubjectName, Promise<RunningSubject>>();

  function running(subject: SubjectName): Promise<RunningSubject> {
    const found = subjects.get(subject) ?? startSubject(subject);
    subjects.set(subject, found);
    return found;
  }

  async function startSubject(subject: SubjectName): Promise<RunningSubject> {
    const own = await mkdtemp(join(directory, `${subject}-`));
    const child = start(
      "subject.process.ts",
      [subject, redis.url, own, peers],
      profileFlags(profiles, subject),
    );
    const { port } = await answerOf<{ readonly port: number }>(child);
    return { child, port };
  }

  async function askSubject(subject: SubjectName, question: SubjectQuestion): Promise<unknown> {
    const { child } = await running(subject);
    return ask(child, question, subject);
  }

  async function endSubjects(): Promise<void> {
    // One that failed to start has ended already.
    const started = await Promise.allSettled(subjects.values());
    subjects.clear();
    const children = started.flatMap((each) => (each.status === "fulfilled" ? [each.value.child] : []));
    await Promise.all(children.map(end));
  }

  async function clear(): Promise<void> {
    await endSubjects();
    await redis.restart();
  }

  return {
    redisUrl: redis.url,
    directory: (name) => mkdtemp(join(directory, `${name}-`)),
    port: async (subject) => (await running(subject)).port,
    measure: async (measurement) => (await ask(client, measurement, measurement.kind)) as Found,
    usage: async (subject) => (await askSubject(subject, { kind: "usage" })) as Usage,
    write: async (subject, order) => Number(await askSubject(subject, { kind: "write", order })),
    clear,
    async close() {
      await endSubjects();
      await end(client);
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function profileFlags(profiles: string, subject: SubjectName): readonly string[] {
  if (profiles === "") return [];
  return ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${subject}-${Date.now()}.cpuprofile`];
}

function start(file: string, args: readonly string[], flags: readonly string[] = []): ChildProcess {
  const execArgv = [...process.execArgv, "--expose-gc", ...flags];
  // What a peer logs is nobody's figure.
  return fork(new URL(file, import.meta.url), args, {
    execArgv,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

async function ask(
  child: ChildProcess,
  question: SubjectQuestion | Measurement,
  what: string,
): Promise<unknown> {
  const answered = answerOf<{ readonly result?: unknown; readonly failed?: string }>(child);
  child.send(question);
  const { result, failed } = await answered;
  if (failed !== undefined) throw new Error(`${failed} (${what})`);
  return result;
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
  const late = setTimeout(() => child.kill("SIGKILL"), END_LIMIT_MS);
  // Ends by itself, so that a profile is written.
  if (child.connected) child.disconnect();
  await ended;
  clearTimeout(late);
}
