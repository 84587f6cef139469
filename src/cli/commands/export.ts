import type { Command } from "commander";
import { parseConversationReference } from "../../core/index.ts";
import { withStore, withStoreOptions } from "../open-store.ts";
import type { StoreFlags } from "../open-store.ts";
import type { Terminal } from "../terminal.ts";

export function addExportCommand(program: Command, terminal: Terminal): void {
  withStoreOptions(
    program
      .command("export")
      .description("Write a whole conversation, its log and its history, as lines of JSON.")
      .argument("<conversation>", "its id"),
  )
    .addHelpText("after", HELP)
    .action(async (conversation: string, flags: StoreFlags) => {
      const { id } = parseConversationReference(conversation);
      // Beside a server that runs, on either store: nothing is written.
      await withStore(flags, { readOnly: true }, async (store) => {
        const { takeSnapshot } = await import("../archive/take-snapshot.ts");
        const snapshot = await takeSnapshot(store, id, (entries) =>
          terminal.progress(`reading: ${entries} entries`),
        );
        const { archiveLines } = await import("../archive/archive-lines.ts");
        for (const line of archiveLines(snapshot)) await terminal.write(line);
        const { entries, records } = snapshot;
        terminal.note(`Exported ${id}: ${entries.length} entries, ${records.length} runs.`);
      });
    });
}

const HELP = `
Works on the store itself, since the API does not tell everything; a server may run on it meanwhile. A conversation with a
run under way or waiting is refused: its copy would do again what the original goes on to do.

Exit codes: 0 exported · 1 could not be done · 2 wrong usage or configuration

Examples:
  holdfast export 6f1c0e… > conversation.ndjson
  holdfast export 6f1c0e… --data /var/lib/holdfast | holdfast import --redis redis://localhost:6379`;
