import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { FIGURES } from "./figures.ts";
import { openLab } from "./lab.ts";
import { describeMachine } from "./machine.ts";
import { measureFigure } from "./measure-figure.ts";
import { figureToMarkdown, machineToMarkdown } from "./report.ts";

const HELP = `npm run bench -- [--only <name>] [--json <file>]

Measures Holdfast against the least that can be done and against the samples it began from, in turns, and prints
tables in Markdown. Takes a minute and a half; needs redis-server on the PATH and starts one of its own.

  --only <name>  one figure: ${FIGURES.map(({ name }) => name).join(", ")}; can be given more than once
  --json <file>  also writes every round's figures there
  --help         this
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const unknown = values.only.find((name) => !FIGURES.some((figure) => figure.name === name));
if (values.help) {
  process.stdout.write(HELP);
} else if (unknown !== undefined) {
  process.stderr.write(`There is no figure ${unknown}.\n\n${HELP}`);
  process.exitCode = 2;
} else {
  await bench(values.only, values.json);
}

async function bench(only: readonly string[], json: string | undefined): Promise<void> {
  const machine = describeMachine(new Date());
  const chosen = FIGURES.filter(({ name }) => only.length === 0 || only.includes(name));
  const command = [
    "npm run bench",
    ...(only.length > 0 ? ["--", ...only.map((name) => `--only ${name}`)] : []),
  ];
  process.stdout.write(`${machineToMarkdown(machine, command.join(" "))}\n`);
  const lab = await openLab();
  try {
    const figures = [];
    for (const figure of chosen) {
      const result = await measureFigure(lab, figure);
      process.stdout.write(`\n${figureToMarkdown(result)}\n`);
      figures.push(result);
    }
    if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
  } finally {
    await lab.close();
  }
}
