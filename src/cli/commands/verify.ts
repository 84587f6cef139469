import type { Command } from "commander";
import { withStoreOptions } from "../open-store.ts";
import type { Terminal } from "../terminal.ts";
import type { VerifyFlags } from "../verify/verify-store.ts";

export function addVerifyCommand(program: Command, terminal: Terminal): void {
  withStoreOptions(
    program
      .command("verify")
      .description(
        "Check that a store keeps its promises: every law of a store, against your own Redis or disk.",
      ),
  )
    .option("--law <id...>", "only the laws whose ids begin so, such as L4")
    .option("--json", "a JSON object a law and line")
    .addHelpText("after", HELP)
    .action(async (flags: VerifyFlags) => {
      const { verifyStore } = await import("../verify/verify-store.ts");
      process.exitCode = await verifyStore(terminal, flags);
    });
}

const HELP = `
Writes under a throw-away name, beside what is there, and removes it again; other keys and files are not touched. Run it
from where the servers run: some laws are about time, and a slow way to Redis breaks them. Takes half a minute or so.

Exit codes: 0 every law holds · 1 a law is broken, or the store cannot be used · 2 wrong usage or configuration
  130 stopped by Ctrl-C, after cleaning up

Examples:
  holdfast verify --redis redis://localhost:6379
  holdfast verify --data /var/lib/holdfast
  holdfast verify --law L4 L5`;
