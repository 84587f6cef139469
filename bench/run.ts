import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { CURVE_NAME, measureCurves } from "./curves.ts";
import type { Figure, FigureResult } from "./figure.ts";
import { FIGURES, LARGE_FIGURES } from "./figures/index.ts";
import type { Lab } from "./lab.ts";
import { openLab } from "./lab.ts";
import { describeMachine } from "./machine.ts";
import { measureFigure } from "./measure-figure.ts";
import { figureToMarkdown, machineToMarkdown } from "./report.ts";
import { SOAK_NAME, soak } from "./soak.ts";
import { peerVersion } from "./subjects/peer-package.ts";
import { SUBJECTS } from "./subjects/index.ts";

const ALL = [...FIGURES, ...LARGE_FIGURES];
const GROUPS = [...new Set(ALL.map(({ group }) => group))];
const NAMES = [...GROUPS, ...ALL.map(({ name }) => name), CURVE_NAME, SOAK_NAME];

const HELP = `npm run bench -- [options]

Measures Holdfast against the least that can be done, against the samples it began from and against other packages, in
turns, and prints tables in Markdown. Takes a quarter of an hour, with other packages; needs redis-server on the PATH and
starts one of its own.

  --only <name>     a group or a figure; can be given more than once: ${[...new Set(NAMES)].join(", ")}
                    (large, ${CURVE_NAME} and ${SOAK_NAME} are measured only when they are named)
  --quick           one round of everything, and curves without their largest size
  --peers <folder>  compares with resumable-stream and @durable-streams/server, where they are installed in the
                    node_modules of this folder; without it they are left out
  --minutes <n>     how long the soak goes on; default 1
  --rounds <n>      how many rounds of every figure, instead of the figure's own number
  --profiles <dir>  leaves a CPU profile of every server process there (and slows it down)
  --json <file>     also writes every round's numbers there
  --help            this
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    peers: { type: "string", default: "" },
    minutes: { type: "string", default: "1" },
    rounds: { type: "string" },
    profiles: { type: "string", default: "" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const unknown = values.only.find((name) => !NAMES.includes(name));
if (values.help) {
  process.stdout.write(HELP);
} else if (unknown !== undefined) {
  process.stderr.write(`There is no figure ${unknown}.\n\n${HELP}`);
  process.exitCode = 2;
} else {
  await bench();
}

async function bench(): Promise<void> {
  const { only, peers, quick, json } = values;
  const machine = describeMachine(new Date(), peers);
  print(machineToMarkdown(machine, commandLine()));
  const lab = await openLab({ peers, profiles: values.profiles });
  try {
    const figures = await measureFigures(lab, only, quick, peers);
    const curves = only.includes(CURVE_NAME) ? await measureCurves(lab, quick, print) : [];
    const soaks = only.includes(SOAK_NAME) ? await soak(lab, Number(values.minutes), print) : [];
    if (json !== undefined) {
      await writeFile(json, `${JSON.stringify({ machine, figures, curves, soaks }, null, 1)}\n`);
    }
  } finally {
    await lab.close();
  }
}

async function measureFigures(
  lab: Lab,
  only: readonly string[],
  quick: boolean,
  peers: string,
): Promise<readonly FigureResult[]> {
  const chosen =
    only.length === 0
      ? FIGURES
      : ALL.filter(({ name, group }) => only.includes(name) || only.includes(group));
  for (const reason of missingPeers(chosen, peers)) print(`\n- ${reason}`);
  const results: FigureResult[] = [];
  for (const figure of chosen) {
    const subjects = figure.subjects.filter(({ subject }) => isInstalled(subject, peers));
    const result = await measureFigure(lab, { ...figure, subjects, rounds: roundsOf(figure, quick) });
    print(`\n${figureToMarkdown(result)}`);
    results.push(result);
    await lab.clear();
  }
  return results;
}

function roundsOf({ rounds }: Figure, quick: boolean): number {
  if (quick) return 1;
  return values.rounds === undefined ? rounds : Number(values.rounds);
}

function isInstalled(subject: keyof typeof SUBJECTS, peers: string): boolean {
  const { needs } = SUBJECTS[subject];
  return !needs || (peers !== "" && peerVersion(peers, needs) !== undefined);
}

function missingPeers(figures: readonly Figure[], peers: string): readonly string[] {
  const wanted = figures.flatMap(({ subjects }) => subjects.map(({ subject }) => subject));
  const missing = wanted.filter((subject) => !isInstalled(subject, peers));
  const names = new Set(missing.flatMap((subject) => SUBJECTS[subject].needs?.name ?? []));
  const why = peers === "" ? "no --peers folder was given" : "it is not installed in the --peers folder";
  return [...names].map((name) => `Left out: ${name}, since ${why}.`);
}

/** As it can be typed again; the folder of the peers is everybody's own. */
function commandLine(): string {
  const options = [
    ...values.only.map((name) => `--only ${name}`),
    ...(values.quick ? ["--quick"] : []),
    ...(values.rounds === undefined ? [] : [`--rounds ${values.rounds}`]),
    ...(values.peers === "" ? [] : ["--peers <folder>"]),
    ...(values.only.includes(SOAK_NAME) ? [`--minutes ${values.minutes}`] : []),
  ];
  return ["npm run bench", ...(options.length > 0 ? ["--", ...options] : [])].join(" ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
