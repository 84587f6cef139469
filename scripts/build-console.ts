import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InlineConfig } from "vite";

/**
 * Builds the web console from web/ into dist/console, unless what is there was made of the same sources. Safe to run twice
 * at a time: each builds beside the place and puts its whole work there at once.
 */
export async function buildConsole(): Promise<void> {
  const sources = hashOfSources();
  if (isMadeOf(sources)) return;
  const { build } = await import("vite");
  const beside = join(ROOT, "node_modules", ".cache", `holdfast-console-${process.pid}`);
  try {
    await build(await viteConfig(beside));
    writeFileSync(join(beside, HASH_FILE), sources);
    putInPlace(beside, sources);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONSOLE = join(ROOT, "dist", "console");

/** Beside the built files: what they were made of. */
const HASH_FILE = ".sources";

/** All that the built files depend on. */
const SOURCES = [
  "web",
  "src/client",
  "src/core",
  "src/protocol",
  "scripts/build-console.ts",
  "package-lock.json",
];

function hashOfSources(): string {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap(filesIn))
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex");
}

function filesIn(path: string): readonly string[] {
  if (path.includes(".")) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .toSorted();
}

function isMadeOf(sources: string): boolean {
  const file = join(CONSOLE, HASH_FILE);
  return existsSync(file) && readFileSync(file, "utf8") === sources;
}

async function viteConfig(directory: string): Promise<InlineConfig> {
  const { default: react } = await import("@vitejs/plugin-react");
  const client = join(ROOT, "src", "client");
  return {
    configFile: false,
    root: join(ROOT, "web"),
    plugins: [react()],
    logLevel: "warn",
    publicDir: false,
    resolve: {
      alias: {
        "holdfast/client": join(client, "index.ts"),
        "holdfast/react": join(client, "react", "index.ts"),
      },
    },
    build: {
      outDir: directory,
      emptyOutDir: true,
      target: "es2022",
      // What knows light-dark() and oklch(), as every browser since 2024 does.
      cssTarget: ["chrome123", "firefox128", "safari17.5"],
      // The content security policy of the page lets nothing be inline.
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 800,
      license: { fileName: "licenses.md" },
    },
    experimental: {
      // Relative, so that the console also works below a path of somebody else's server.
      renderBuiltUrl: (file, { hostType }) =>
        hostType === "html" ? `./console/${file}` : { relative: true },
    },
  };
}

/** Whoever comes second finds the same work done: what it says of its sources decides. */
function putInPlace(directory: string, sources: string): void {
  if (isMadeOf(sources)) return;
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  rmSync(CONSOLE, { recursive: true, force: true });
  try {
    renameSync(directory, CONSOLE);
  } catch (error) {
    if (!isMadeOf(sources)) throw error;
  }
}

/** Without the development dependencies the server works too, and says at `/` that the console is not built. */
function passOverAbsentVite(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
  console.error("The web console is not built: npm ci installs what builds it.");
}

if (import.meta.main) await buildConsole().catch(passOverAbsentVite);
