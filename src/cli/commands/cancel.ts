import type { Command } from "commander";
import type { StatusName } from "../../client/index.ts";
import { ownerOf, SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { ServerFlags } from "../server.ts";
import type { Terminal } from "../terminal.ts";

interface CancelFlags extends ServerFlags {
  readonly reason?: string;
}

export function addCancelCommand(program: Command, terminal: Terminal): void {
  program
    .command("cancel")
    .description("Cancel what runs and what waits in a conversation.")
    .argument("<conversation>", "its id")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .option("--reason <text>", "kept with the run")
    .addHelpText("after", HELP)
    .action((conversation: string, flags: CancelFlags) =>
      withServer(flags, async (server) => {
        const owner = await ownerOf(server, conversation);
        const { runs } = await server.client.status(owner);
        const open = runs.filter(({ status }) => !ENDED.has(status)).map(({ run }) => run);
        if (open.length === 0) {
          terminal.note("Nothing is under way or waiting in this conversation.");
          return;
        }
        const { reason } = flags;
        await server.client.cancel({ ...owner, ...(reason !== undefined && { reason }) });
        await terminal.writeLine(`Cancelled run ${open.join(", ")} of ${owner.conversationId}.`);
      }),
    );
}

const ENDED: ReadonlySet<StatusName> = new Set<StatusName>(["Completed", "Failed", "Canceled"]);

const HELP = `
Resolves when the request is stored; who follows the run sees its end. A run that ended meanwhile stays as it is.

Exit codes: 0 cancelled, or there was nothing to cancel · 1 could not be done · 2 wrong usage

Examples:
  holdfast cancel 6f1c0e…
  holdfast cancel 6f1c0e… --reason "the customer has hung up"`;
