import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { eventually } from "../../src/testing/index.ts";

/** An example's server as a real process, on a port and in a directory of its own. */
export interface ExampleProcess {
  readonly url: string;
  readonly port: number;
  /** Asks it to stop; resolves with its exit code when it has. */
  terminate(): Promise<number | null>;
}

export interface ExampleProcessOptions {
  readonly file: string;
  /** Default: any free port. */
  readonly port?: number;
  readonly directory: string;
}

/** A directory that is gone when the test is over. */
export function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-example-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts an example; resolves when it says that it listens. It is ended when the test is over. */
export async function startExample({
  file,
  port = 0,
  directory,
}: ExampleProcessOptions): Promise<ExampleProcess> {
  const child = spawn(process.execPath, ["--conditions=holdfast-source", file], {
    env: { PATH: process.env["PATH"], PORT: String(port), HOLDFAST_DATA_DIR: directory, DEMO_PACE: "200" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  const address = (): string | undefined => /Listening on (\S+)/.exec(output)?.[1];
  await eventually(`${file} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}:\n${output}`);
    return address() !== undefined;
  });
  const url = address() ?? "";
  return {
    url,
    port: Number(new URL(url).port),
    terminate() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
