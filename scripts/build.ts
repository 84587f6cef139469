import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Builds what is published: plain JavaScript and types in dist/, from nothing each time. */
rmSync("dist", { recursive: true, force: true });
const compiler = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
process.exitCode = spawnSync(process.execPath, compiler, { stdio: "inherit" }).status ?? 1;
