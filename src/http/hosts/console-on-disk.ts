import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ConsoleFile, ConsoleFiles } from "../console-files.ts";

/**
 * The console as it lies on disk. It is read with the first request for it and then kept in memory, so that nothing a
 * request says ever becomes a path; while it has not been built, or cannot be read, each request looks again.
 */
export function consoleOnDisk(directory?: string): ConsoleFiles {
  let reading: Promise<Built | undefined> | undefined;

  async function built(): Promise<Built | undefined> {
    reading ??= readBuilt(directory ?? packagedConsole());
    let known: Built | undefined;
    try {
      known = await reading;
    } finally {
      if (!known) reading = undefined;
    }
    return known;
  }

  return {
    page: async () => (await built())?.page,
    asset: async (name) => (await built())?.assets.get(name),
  };
}

/**
 * Where `npm run build` puts the console: found alike from src/ and from dist/. Not by `new URL(path, import.meta.url)`, in
 * which bundlers see a file that they should bundle.
 */
function packagedConsole(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "dist", "console");
}

interface Built {
  readonly page: ConsoleFile;
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

async function readBuilt(directory: string): Promise<Built | undefined> {
  try {
    const names = await readdir(join(directory, "assets"));
    const assets = await Promise.all(
      names.map(async (name) => [name, await readConsoleFile(join(directory, "assets", name))] as const),
    );
    return { page: await readConsoleFile(join(directory, "index.html")), assets: new Map(assets) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Below this size a response goes out in one packet anyway. */
const WORTH_COMPRESSING = 1_400;

const compress = promisify(gzip);

async function readConsoleFile(path: string): Promise<ConsoleFile> {
  const bytes = new Uint8Array(await readFile(path));
  return {
    contentType: CONTENT_TYPES[extname(path)] ?? "application/octet-stream",
    bytes,
    gzipped: bytes.byteLength < WORTH_COMPRESSING ? undefined : new Uint8Array(await compress(bytes)),
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
  };
}
