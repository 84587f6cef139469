import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildConsole } from "./build-console.ts";

/** Builds what is published: plain JavaScript and types in dist/, from nothing each time, and the console, if it is stale. */
for (const name of existsSync("dist") ? readdirSync("dist") : []) {
  if (name !== "console") rmSync(join("dist", name), { recursive: true, force: true });
}
const compiler = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
process.exitCode = spawnSync(process.execPath, compiler, { stdio: "inherit" }).status ?? 1;
await buildConsole();
