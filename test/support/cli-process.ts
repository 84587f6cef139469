import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../src/testing/index.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

export interface ServeProcessOptions {
  /** Arguments after `serve`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A real `holdfast serve`, in a process and a data directory of its own. */
export interface ServeProcess {
  readonly url: string;
  readonly pid: number;
  /** All that it has printed. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, null after a signal. */
  readonly exited: Promise<number | null>;
  /** Ends it, and removes its data directory. */
  stop(): Promise<void>;
}

/** Runs `holdfast` with some arguments until it ends by itself. */
export async function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = launch(args, environment);
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, output: output() };
}

/** Starts the server on a free port; resolves when it says that it serves. */
export async function startServe(options: ServeProcessOptions = {}): Promise<ServeProcess> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-serve-"));
  const { child, output } = launch(["serve", ...(options.args ?? ["examples/travel-planner/agents.ts"])], {
    PORT: "0",
    HOLDFAST_DATA_DIR: directory,
    HOLDFAST_LOG_LEVEL: "warn",
    ...options.environment,
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const url = (): string | undefined => /Holdfast serves (\S+)/.exec(output())?.[1];
  await eventually(`the server starts; it said:\n${output()}`, () => {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}:\n${output()}`);
    return url() !== undefined;
  });
  return {
    url: (url() ?? "").replace("localhost", "127.0.0.1"),
    pid: child.pid ?? -1,
    output,
    kill: (signal) => void child.kill(signal),
    exited,
    async stop() {
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function launch(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { OPENAI_API_KEY: _key, REDIS_CONNECTION_STRING: _redis, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--conditions=holdfast-source", MAIN, ...args], {
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const keep = (chunk: Buffer): void => {
    printed += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return { child, output: () => printed };
}
