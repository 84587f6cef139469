import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { AgentError, parseCursor } from "../../core/index.ts";
import { RUN_EXIT_CODES } from "../exit-codes.ts";
import { ownerOf, SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { ServerFlags } from "../server.ts";
import type { Terminal } from "../terminal.ts";
import { wholeNumber } from "../whole-number.ts";

interface FollowFlags extends ServerFlags {
  readonly cursor?: string;
  readonly run?: number;
  readonly json?: boolean;
}

export function addFollowCommand(program: Command, terminal: Terminal): void {
  program
    .command("follow")
    .description("Show the answers of a conversation, those that are there and the one being written.")
    .argument("<conversation>", "its id")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .option("--cursor <cursor>", "go on after this entry, as the command that was left says", cursor)
    .option("--run <number>", "only this run of the conversation", wholeNumber)
    .option("--json", "print every entry of the log, a JSON object a line")
    .addHelpText("after", HELP)
    .action(async (conversation: string, { json = false, ...flags }: FollowFlags) => {
      process.exitCode = await withServer(flags, async (server) => {
        const owner = await ownerOf(server, conversation);
        const { run, cursor: after } = flags;
        const { watchConversation } = await import("../watch/watch-conversation.ts");
        return watchConversation(server, terminal, { ...owner, run, cursor: after, json, mayAsk: true });
      });
    });
}

const HELP = `
Ends with the latest run. Into a file or a pipe the text comes a step at a time, once it is certain; the texts of several
runs each begin a line there. With --run it is the text of that run and nothing else.
${RUN_EXIT_CODES}

Examples:
  holdfast follow 6f1c0e…
  holdfast follow 6f1c0e… --cursor 1-42
  holdfast follow 6f1c0e… --run 2 > answer.md
  holdfast follow 6f1c0e… --json | jq -c 'select(.event == "tool-call")'`;

function cursor(text: string): string {
  try {
    return parseCursor(text);
  } catch (error) {
    throw new InvalidArgumentError(AgentError.from(error).message);
  }
}
