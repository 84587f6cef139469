import { Option } from "commander";
import type { Command } from "commander";
import { ownerOf, SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { ServerFlags } from "../server.ts";
import type { Terminal } from "../terminal.ts";

interface InspectFlags extends ServerFlags {
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** How many entries are read between two signs of progress. */
const PROGRESS_EVERY = 1000;

export function addInspectCommand(program: Command, terminal: Terminal): void {
  program
    .command("inspect")
    .description(
      "Show what happened in a conversation: runs, steps, attempts, resets, tools, approvals, tokens, times.",
    )
    .argument("<conversation>", "its id")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .addOption(new Option("--raw", "the entries of the log, a JSON object a line").conflicts("json"))
    .option("--json", "the same as the timeline, as one JSON object")
    .addHelpText("after", HELP)
    .action((conversation: string, flags: InspectFlags) =>
      withServer(flags, async (server) => {
        const { client } = server;
        const { inspectionOf, readHistory, readLog } = await import("../inspect/inspection.ts");
        const status = await client.status(await ownerOf(server, conversation));
        const events = await readLog(client, status, (entries) => {
          if (entries % PROGRESS_EVERY === 0) terminal.progress(`reading: ${entries} entries`);
        });
        if (flags.raw) {
          const { jsonLine } = await import("../watch/answer-output.ts");
          for (const event of events) await terminal.write(jsonLine(event));
          return;
        }
        const inspection = inspectionOf(status, await readHistory(client, status.conversationId), events);
        if (flags.json) return terminal.writeLine(JSON.stringify(inspection));
        const { inspectionLines } = await import("../inspect/inspection-text.ts");
        for (const { text, tone } of inspectionLines(inspection)) {
          await terminal.writeLine(terminal.tinted(text, tone));
        }
      }),
    );
}

const HELP = `
Shows the moment at which it is asked, also of a run under way. Of a stream that has expired it shows the history. What was
withdrawn before that is not told by the API; its reset is, and says from where.

Exit codes: 0 shown · 1 could not be done · 2 wrong usage

Examples:
  holdfast inspect 6f1c0e…
  holdfast inspect 6f1c0e… --raw | jq -c 'select(.event == "step-reset")'
  holdfast inspect 6f1c0e… --json | jq '.runs[].usage'`;
