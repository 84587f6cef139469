import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const INSTALL_LIMIT_MS = 300_000;

/** A program that the tests need and do not bring with them. */
export interface NeededProgram {
  /** The names that it goes by, the best first. */
  readonly names: readonly string[];
  /** The environment variable that may hold its path. */
  readonly variable?: string;
  readonly debianPackage: string;
  /** What it is and how to get it, for whoever has neither. */
  readonly advice: string;
}

/**
 * The path of a program on this machine. As root on Debian, installs its package (whose services are not started) when there
 * is none; otherwise throws, saying how to get it.
 */
export function findProgram({ names, variable, debianPackage, advice }: NeededProgram): string {
  const named = variable === undefined ? undefined : process.env[variable];
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new Error(`${variable} is ${named}, which cannot be executed.`);
  }
  const found = findOnPath(names);
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && isExecutable("/usr/bin/apt-get")) installFromDebian(debianPackage);
  const installed = findOnPath(names);
  if (installed !== undefined) return installed;
  throw new Error(advice);
}

function findOnPath(names: readonly string[]): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not ours to run.
  }
}

function installFromDebian(debianPackage: string): void {
  // In runlevel 1 Debian's scripts start no services.
  const env = { ...process.env, RUNLEVEL: "1", DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, stdio: "ignore", timeout: INSTALL_LIMIT_MS } as const;
  // Test files run side by side: whoever comes second waits for the lock.
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  execFileSync("apt-get", [...wait, "update"], options);
  execFileSync("apt-get", [...wait, "install", "-y", debianPackage], options);
}
