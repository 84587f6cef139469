import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Figure, Values } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { startFresh } from "../start-fresh.ts";
import type { FreshStart } from "../start-fresh.ts";

const METHOD =
  "milliseconds from the spawn of node to the head of the answer to the first POST; the floor is a process that answers one with node:net. ";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Every round is a process of its own, with an empty directory. */
export const START_UP_FIGURES: readonly Figure[] = [
  startUp({
    name: "start-up-source",
    title: "Start-up, embedded, from source: from nothing to the first accepted request",
    method: `${METHOD}The TypeScript sources are stripped of their types on the way, and nothing is kept from start to start`,
    prepare: async () => ({}),
  }),
  startUp({
    name: "start-up-source-again",
    title: "Start-up, embedded, from source, with Node's compile cache",
    method: `${METHOD}The second start and later ones of the same sources, with NODE_COMPILE_CACHE`,
    prepare: async (lab) => ({ compiled: await lab.directory("compiled") }),
  }),
  startUp({
    name: "start-up-built",
    title: "Start-up, embedded, as installed: from nothing to the first accepted request",
    method: `${METHOD}The package as it is built, and nothing kept from start to start`,
    prepare: async () => ({ entry: await build() }),
  }),
];

interface StartUp extends Pick<Figure, "name" | "title" | "method"> {
  readonly prepare: (lab: Lab) => Promise<FreshStart>;
}

function startUp({ prepare, ...described }: StartUp): Figure {
  return {
    ...described,
    group: "start-up",
    metrics: [
      {
        name: "p50",
        label: "ms",
        compared: true,
        target: { of: "itself", atMost: 500, subjects: ["holdfast-sqlite"] },
      },
    ],
    rounds: 5,
    subjects: [
      { subject: "bare-net", floor: "bare-net" },
      { subject: "holdfast-sqlite", floor: "bare-net" },
    ],
    async prepare(lab, subject) {
      if (subject === "bare-net") return async () => started(lab, "bare", {});
      const from = await prepare(lab);
      return async () => started(lab, "embedded", from);
    },
  };
}

async function started(lab: Lab, kind: "bare" | "embedded", from: FreshStart): Promise<Values> {
  return { p50: await startFresh(kind, await lab.directory("start-up"), from) };
}

/** Builds the package beside the installed ones, which it imports, and leaves `dist` to who publishes. */
async function build(): Promise<string> {
  const directory = `${ROOT}node_modules/.cache/holdfast-bench`;
  const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
  const args = [compiler, "-p", `${ROOT}tsconfig.build.json`, "--outDir", directory];
  await promisify(execFile)(process.execPath, args);
  return pathToFileURL(`${directory}/index.js`).href;
}
