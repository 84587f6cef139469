import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NO_USAGE, randomConversationId, START } from "../../core/index.ts";
import type { ConversationId, EventBody, LogEvent, RunRecord, RunRequest } from "../../core/index.ts";
import type { ConversationStore } from "../../ports/index.ts";

/** Registers what is to be done when the test is over: vitest's `onTestFinished`. */
export type AtEnd = (cleanUp: () => void | Promise<void>) => void;

export function temporaryDirectory(atEnd: AtEnd): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function runRequest(id: string): RunRequest {
  return { kind: "run", id, agent: "TestAgent", input: `Question ${id}`, options: {} };
}

/** A conversation with a run under way. */
export interface Stream {
  readonly id: ConversationId;
  /** The next entry, each `size` characters long. */
  next(size?: number): LogEvent;
  /** The last entry of the run. */
  end(): LogEvent;
}

export async function beginStream(
  store: ConversationStore,
  id: ConversationId = randomConversationId(),
): Promise<Stream> {
  await store.post(id, runRequest("one"));
  const start = await store.acquire(id, { worker: "test", run: 1 });
  const attempt = start?.attempt ?? 0;
  let seq = 0;
  const entry = (body: EventBody): LogEvent => ({ v: 1, attempt, seq: ++seq, at: 1, run: 1, ...body });
  return {
    id,
    next: (size = 1) =>
      entry({ type: "text-delta", step: 1, id: "t", delta: "x".repeat(size), sequence: seq }),
    end: () => entry({ type: "run-completed", usage: NO_USAGE }),
  };
}

/** Ends the run of a stream and takes its request out of the inbox. */
export async function endStream(store: ConversationStore, stream: Stream): Promise<void> {
  const items = (await store.conversation(stream.id))?.inbox ?? [];
  await store.append(stream.id, [stream.end()], {
    takes: items.map((item) => item.itemId),
    record: emptyRecord(),
  });
}

/** A process of its own that runs some code and prints lines. */
export interface Child {
  readonly pid: number | undefined;
  readonly lines: AsyncIterable<string>;
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Runs an ES module with `createSqliteStore` and `directory` in scope. */
export function startChild(directory: string, code: string, atEnd: AtEnd): Child {
  const store = new URL("./index.ts", import.meta.url).href;
  const head = `import { createSqliteStore } from ${JSON.stringify(store)};
    const directory = ${JSON.stringify(directory)};`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", head + code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = (): Promise<void> => killed(child);
  atEnd(kill);
  return { pid: child.pid, lines: createInterface({ input: child.stdout }), kill };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

export function emptyRecord(): RunRecord {
  return {
    run: 1,
    id: "one",
    agent: "TestAgent",
    status: "completed",
    input: "Question one",
    options: {},
    messages: [],
    text: "",
    usage: NO_USAGE,
    acceptedAt: 1,
    startedAt: 1,
    endedAt: 1,
    attempts: 1,
    steps: 1,
    from: START,
    to: START,
  };
}
