import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const NODE_ARGUMENTS = ["--conditions=holdfast-source", MAIN];

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Given to its standard input, which is closed afterwards. */
  readonly input?: string;
}

/** How a command ended. */
export interface CommandResult {
  /** Null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real `holdfast <command>` with pipes for its streams, killed when the test is over. */
export interface RunningCommand {
  stdout(): string;
  stderr(): string;
  signal(signal: NodeJS.Signals): void;
  /** Reads no more of what it prints. */
  closeStdout(): void;
  readonly ended: Promise<CommandResult>;
}

export function startCommand(
  args: readonly string[],
  { environment = {}, input = "" }: CommandOptions = {},
): RunningCommand {
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  // It may end without having read it all.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => void child.kill(signal),
    closeStdout: () => void child.stdout.destroy(),
    ended: once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr })),
  };
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return startCommand(args, options).ended;
}

/** A real `holdfast <command>` in a terminal of its own. */
export interface TerminalCommand {
  /** All that the terminal was sent, with its line ends as LF. */
  screen(): string;
  type(keys: string): void;
  readonly ended: Promise<number>;
}

export function startInTerminal(
  args: readonly string[],
  { environment = {} }: Pick<CommandOptions, "environment"> = {},
): TerminalCommand {
  const terminal = spawnInTerminal(process.execPath, [...NODE_ARGUMENTS, ...args], {
    cols: 200,
    rows: 50,
    env: { PATH: process.env["PATH"], TERM: "xterm-256color", ...environment },
  });
  let sent = "";
  let running = true;
  terminal.onData((data) => (sent += data));
  const ended = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      running = false;
      resolve(exitCode);
    });
  });
  onTestFinished(() => {
    if (running) terminal.kill("SIGKILL");
  });
  return {
    screen: () => sent.replaceAll("\r\n", "\n"),
    type: (keys) => terminal.write(keys),
    ended,
  };
}

/** Ctrl-C, as a keyboard sends it. */
export const CTRL_C = "\u0003";
