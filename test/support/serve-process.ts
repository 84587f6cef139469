import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { eventually } from "../../src/testing/index.ts";

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 20_000;
/** How many lines of its output are kept of each process. */
const LINES_KEPT = 300;

export interface ServeOptions {
  readonly name: string;
  /** The agents file. */
  readonly agents: string;
  /** More arguments of `holdfast serve`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A real `holdfast serve` on a loopback port that stays the same across restarts. */
export interface ServeProcess {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  readonly running: boolean;
  /** How the process that ran last ended: its exit code, or the signal that ended it. */
  readonly ended: number | NodeJS.Signals | undefined;
  readonly output: readonly string[];
  /** Sends a signal to this process and no other. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal that ends it; resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  exited(): Promise<void>;
  /** Starts it again; resolves when it serves. Only when it does not run. */
  restart(): Promise<void>;
}

export async function startServe(options: ServeOptions): Promise<ServeProcess> {
  const port = await quietPort();
  const output: string[] = [];
  let ready = false;
  let child = begin();

  function begin(): ChildProcess {
    ready = false;
    return launch(options, port, (line) => {
      ready ||= line.startsWith("Holdfast serves");
      output.push(line);
      if (output.length > LINES_KEPT) output.shift();
    });
  }

  function running(): boolean {
    return child.exitCode === null && child.signalCode === null;
  }

  async function serving(): Promise<void> {
    await eventually(
      `${options.name} serves`,
      () => {
        if (!running()) throw new Error(`${options.name} ended at its start:\n${output.join("\n")}`);
        return ready;
      },
      START_LIMIT_MS,
    );
  }

  async function exited(): Promise<void> {
    if (!running()) return;
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await once(child, "exit");
    clearTimeout(late);
  }

  process.once("exit", () => void (running() && child.kill("SIGKILL")));
  await serving();
  return {
    name: options.name,
    port,
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? -1;
    },
    get running() {
      return ready && running();
    },
    get ended() {
      return child.exitCode ?? child.signalCode ?? undefined;
    },
    output,
    signal: (signal) => void child.kill(signal),
    async kill(signal = "SIGKILL") {
      if (running()) child.kill(signal);
      await exited();
    },
    exited,
    async restart() {
      if (running()) throw new TypeError(`${options.name} runs: end it before it is started again.`);
      output.push(`--- ${options.name} is started again`);
      child = begin();
      await serving();
    },
  };
}

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function launch(
  { agents, args, environment }: ServeOptions,
  port: number,
  onLine: (line: string) => void,
): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=holdfast-source", MAIN, "serve", agents, "--port", String(port), ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"], ...environment } },
  );
  for (const stream of [child.stdout, child.stderr]) {
    let held = "";
    stream.on("data", (piece) => {
      const lines = (held + String(piece)).split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
  }
  return child;
}

/**
 * A free port below those that the system gives to outgoing connections: a reader that connects to the port of a process
 * that is down must not be given that very port as its own and talk to itself.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
