import type { Command } from "commander";
import type { ConversationSummary, HoldfastClient } from "../../client/index.ts";
import { SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { ServerFlags } from "../server.ts";
import type { Terminal } from "../terminal.ts";
import { wholeNumber } from "../whole-number.ts";

interface ListFlags extends ServerFlags {
  readonly agent?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** How many are listed unless more are asked for. */
const DEFAULT_LIMIT = 20;
/** How many the server gives at a time. */
const PAGE = 200;

export function addListCommand(program: Command, terminal: Terminal): void {
  program
    .command("list")
    .description("List the conversations, the latest touched first.")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .option("--agent <name>", "only those of this agent")
    .option("--limit <number>", "how many at most", wholeNumber, DEFAULT_LIMIT)
    .option("--json", "a JSON object a line")
    .addHelpText("after", HELP)
    .action((flags: ListFlags) =>
      withServer(flags, async ({ client }) => {
        let listed = 0;
        for await (const conversation of conversations(client, flags)) {
          if (flags.json) await terminal.writeLine(JSON.stringify(conversation));
          else await terminal.writeLine(rowOf(conversation));
          listed += 1;
        }
        if (listed === 0) terminal.aside("There are no conversations.");
      }),
    );
}

const HELP = `
A line has the id, the agent, the number of runs and the time of the last write.

Exit codes: 0 listed · 1 could not be done · 2 wrong usage

Examples:
  holdfast list
  holdfast list --agent TravelPlanner --limit 100
  holdfast list --json | jq -r .conversationId`;

async function* conversations(
  client: HoldfastClient,
  { agent, limit }: ListFlags,
): AsyncGenerator<ConversationSummary> {
  let from: string | undefined;
  let left = limit;
  do {
    const page = await client.conversations({
      from,
      limit: Math.min(left, PAGE),
      ...(agent !== undefined && { agent }),
    });
    yield* page.conversations;
    left -= page.conversations.length;
    from = page.next;
  } while (from !== undefined && left > 0);
}

function rowOf({ conversationId, agent, runs, updatedAt }: ConversationSummary): string {
  const count = `${runs} ${runs === 1 ? "run" : "runs"}`;
  return `${conversationId.padEnd(32)}  ${agent.padEnd(20)}  ${count.padEnd(8)}  ${updatedAt}`;
}
