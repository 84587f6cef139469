import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";

const START_LIMIT_MS = 15_000;

export interface RedisServerOptions {
  /** Keeps every write on disk before answering. Default: nothing is kept, all is gone with the process. */
  readonly appendOnly?: boolean;
  /** More arguments, as on the command line. */
  readonly args?: readonly string[];
}

/** A server of our own, on a free port of the loopback address. */
export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** The process id of the server that runs now. */
  readonly pid: number;
  /** Sends a signal; for one that ends the process, resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends the server, if it runs, and starts it again on the same port and directory; resolves when it answers. */
  restart(): Promise<void>;
  /** Ends the server and removes its directory. */
  stop(): Promise<void>;
}

/** Starts `redis-server` or `valkey-server`, whichever is found; resolves when it answers. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = findRedisServer();
  const directory = mkdtempSync(join(tmpdir(), "holdfast-redis-"));
  const port = await freePort();
  let child = await launch(binary, argumentsFor(options, port, directory), port);
  const forget = killAtExit(() => child);

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (hasEnded(child)) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await ended;
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? -1;
    },
    kill,
    async restart() {
      await kill("SIGTERM");
      child = await launch(binary, argumentsFor(options, port, directory), port);
    },
    async stop() {
      forget();
      await kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The path of a server on this machine; installs it where it can. */
export function findRedisServer(): string {
  return findProgram({
    names: ["redis-server", "valkey-server"],
    debianPackage: "redis-server",
    advice:
      "The tests need redis-server or valkey-server, 7 or newer, on the PATH: apt-get install redis-server, brew install redis, or https://redis.io/docs/latest/get-started.",
  });
}

/** A port of the loopback address on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function argumentsFor(options: RedisServerOptions, port: number, directory: string): string[] {
  const keep = options.appendOnly
    ? ["--appendonly", "yes", "--appendfsync", "always"]
    : ["--appendonly", "no"];
  const where = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory];
  return [...where, "--save", "", ...keep, ...(options.args ?? [])];
}

async function launch(binary: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output = (output + String(chunk)).slice(-2_000);
  });
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers(port, child.pid))) {
    if (hasEnded(child) || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${binary} did not start on port ${port}:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

/** Whether the process with this id says on a port that it has loaded its data: another server there is not ours. */
function answers(port: number, pid: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("INFO server\r\nPING\r\n"));
    let reply = "";
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once("error", () => settle(false));
    socket.on("data", (data) => {
      reply += String(data);
      if (reply.startsWith("-NOAUTH")) settle(true);
      else if (reply.includes("-LOADING")) settle(false);
      else if (reply.endsWith("+PONG\r\n")) settle(reply.includes(`process_id:${pid}\r\n`));
    });
  });
}

const running = new Set<() => ChildProcess>();

/** Ends a server with this process, unless it is told to forget it. One listener for all: there may be many. */
function killAtExit(server: () => ChildProcess): () => void {
  if (running.size === 0) process.once("exit", killRunning);
  running.add(server);
  return () => {
    running.delete(server);
    if (running.size === 0) process.off("exit", killRunning);
  };
}

function killRunning(): void {
  for (const server of running) server().kill("SIGKILL");
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
