import type { Command } from "commander";
import type { Examination } from "../doctor/examine.ts";
import type { Finding, Verdict } from "../doctor/finding.ts";
import { EXIT } from "../exit-codes.ts";
import { withStoreOptions } from "../open-store.ts";
import type { Terminal, Tone } from "../terminal.ts";

interface DoctorFlags extends Examination {
  readonly json?: boolean;
}

export function addDoctorCommand(program: Command, terminal: Terminal): void {
  withStoreOptions(
    program
      .command("doctor")
      .description("Look whether a server could work safely here: configuration, store, model."),
  )
    .option("--call-model", "also ask the model for a word, which costs a little")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async (flags: DoctorFlags) => {
      terminal.progress("looking");
      const { examine } = await import("../doctor/examine.ts");
      const findings = await examine(flags);
      const isUnsafe = findings.some(({ verdict }) => verdict === "unsafe");
      if (flags.json) await terminal.writeLine(JSON.stringify({ safe: !isUnsafe, findings }));
      else await print(terminal, findings);
      process.exitCode = isUnsafe ? EXIT.failed : EXIT.ok;
    });
}

const HELP = `
Reads the same environment as holdfast serve. On Redis it tries the commands that Holdfast uses, on keys of a made-up
conversation that it removes again. Nothing is repaired.

Exit codes: 0 nothing unsafe · 1 something is unsafe · 2 wrong usage

Examples:
  holdfast doctor
  holdfast doctor --redis redis://localhost:6379
  holdfast doctor --call-model --json | jq '.findings[] | select(.verdict != "ok")'`;

const TONES: Record<Verdict, Tone> = { ok: "good", warning: "warning", unsafe: "bad", skipped: "dim" };

async function print(terminal: Terminal, findings: readonly Finding[]): Promise<void> {
  for (const { check, verdict, says, advice } of findings) {
    await terminal.writeLine(
      `${terminal.tinted(verdict.padEnd(8), TONES[verdict])} ${check.padEnd(15)} ${says}`,
    );
    if (advice !== undefined) await terminal.writeLine(`${" ".repeat(25)}-> ${advice}`);
  }
  const count = (wanted: Verdict): number => findings.filter(({ verdict }) => verdict === wanted).length;
  await terminal.writeLine();
  await terminal.writeLine(
    count("unsafe") === 0
      ? terminal.tinted(`Nothing is unsafe; ${count("warning")} to think about.`, "good")
      : terminal.tinted(`${count("unsafe")} unsafe, ${count("warning")} to think about.`, "bad"),
  );
}
