import { createReadStream } from "node:fs";
import type { Command } from "commander";
import type { ConversationSnapshot, ConversationStore } from "../../ports/index.ts";
import { CommandError } from "../command-error.ts";
import { withStore, withStoreOptions } from "../open-store.ts";
import type { StoreFlags } from "../open-store.ts";
import type { Terminal } from "../terminal.ts";

export function addImportCommand(program: Command, terminal: Terminal): void {
  withStoreOptions(
    program
      .command("import")
      .description("Read conversations that were exported into a store.")
      .argument("[file]", "what export wrote, one conversation or several; absent or -: standard input"),
  )
    .addHelpText("after", HELP)
    .action((file: string | undefined, flags: StoreFlags) =>
      withStore(flags, {}, async (store) => {
        const { readArchives } = await import("../archive/read-archive.ts");
        for await (const snapshot of readArchives(progressing(linesOf(file), terminal))) {
          terminal.progress(`storing ${snapshot.id}: ${snapshot.entries.length} entries`);
          await restore(store, snapshot);
          const { id, entries, records } = snapshot;
          terminal.note(`Imported ${id}: ${entries.length} entries, ${records.length} runs.`);
        }
      }),
    );
}

/** How many lines are read between two signs of progress. */
const PROGRESS_EVERY = 1000;

const HELP = `
Each conversation is stored whole or not at all, under its own id; one whose id is taken is refused, and ends the import.
Cursors, withdrawn parts and history are as they were. It counts as touched now: retention begins anew. A server on the
embedded store must be stopped first; on Redis servers may run.

Exit codes: 0 imported · 1 could not be done · 2 wrong usage or configuration

Examples:
  holdfast import conversation.ndjson
  holdfast import --redis redis://localhost:6379 < conversation.ndjson`;

async function restore(store: ConversationStore, snapshot: ConversationSnapshot): Promise<void> {
  if (!store.restore) throw new CommandError(`nothing can be imported into ${store.description}.`);
  if (await store.restore(snapshot)) return;
  throw new CommandError(
    `there is a conversation ${snapshot.id} in ${store.description} already: delete it first if this one is to take its place.`,
  );
}

/**
 * The lines of a file or of standard input. Only LF ends one: `node:readline` also ends them at U+2028 and U+2029, which
 * may stand within a line of JSON.
 */
async function* linesOf(file: string | undefined): AsyncGenerator<string> {
  const fromStdin = file === undefined || file === "-";
  const input = fromStdin ? process.stdin.setEncoding("utf8") : createReadStream(file, { encoding: "utf8" });
  const held: string[] = [];
  try {
    for await (const chunk of input as AsyncIterable<string>) {
      const [first = "", ...others] = chunk.split("\n");
      held.push(first);
      for (const next of others) {
        yield held.join("");
        held.splice(0, held.length, next);
      }
    }
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new CommandError(`${file} cannot be read: ${error.message}`);
  } finally {
    if (!fromStdin) input.destroy();
  }
  const last = held.join("");
  if (last !== "") yield last;
}

async function* progressing(lines: AsyncIterable<string>, terminal: Terminal): AsyncGenerator<string> {
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (count % PROGRESS_EVERY === 0) terminal.progress(`reading: ${count} lines`);
    yield line;
  }
}
