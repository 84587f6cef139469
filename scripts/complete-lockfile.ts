import { readFileSync, writeFileSync } from "node:fs";

/**
 * Native packages name a build for each platform as an optional dependency. A lock file written through a registry that
 * lacks some of these builds leaves them out, and `npm ci` then refuses it everywhere. This adds an entry for each build
 * that is missing, with the platform that its name tells, so that npm passes over it on all others.
 *
 * Run after `npm install`: node scripts/complete-lockfile.ts
 */
interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const FILE = "package-lock.json";
const SYSTEMS = /(?:^|[-/])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)(?:-|$)/;
const PROCESSORS = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)(?:-|$)/;

const lock = JSON.parse(readFileSync(FILE, "utf8")) as { packages: Record<string, LockedPackage> };
const added: string[] = [];

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const os = SYSTEMS.exec(name)?.[1];
    const cpu = PROCESSORS.exec(name)?.[1];
    if (lock.packages[path] || os === undefined || cpu === undefined) continue;
    lock.packages[path] = {
      version,
      cpu: [cpu],
      ...(parent.dev && { dev: true }),
      ...(name.endsWith("-musl") && { libc: ["musl"] }),
      optional: true,
      os: [os],
    };
    added.push(name);
  }
}

const sorted = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: sorted }, undefined, 2)}\n`);
console.log(added.length === 0 ? "Nothing was missing." : `Added ${added.length}: ${added.join(", ")}`);
