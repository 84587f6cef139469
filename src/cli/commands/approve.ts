import type { Command } from "commander";
import type { PendingApproval } from "../../client/index.ts";
import { CommandError } from "../command-error.ts";
import { ownerOf, SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { ServerFlags } from "../server.ts";
import { visibleLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface ApproveFlags extends ServerFlags {
  readonly deny?: boolean;
  readonly reason?: string;
}

export function addApproveCommand(program: Command, terminal: Terminal): void {
  program
    .command("approve")
    .description("Allow, or deny, a tool call that waits for a person.")
    .argument("<conversation>", "its id")
    .argument("[approval]", "which one; needed when several wait")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .option("--deny", "deny it")
    .option("--reason <text>", "told to the model")
    .addHelpText("after", HELP)
    .action((conversation: string, approvalId: string | undefined, flags: ApproveFlags) =>
      withServer(flags, async (server) => {
        const owner = await ownerOf(server, conversation);
        const { approvals } = await server.client.status(owner);
        // One that waits no more, or never did, is for the server to judge.
        const chosen = approvalId ?? onlyOne(approvals).approvalId;
        const { deny = false, reason } = flags;
        await server.client.approve({
          ...owner,
          approvalId: chosen,
          approved: !deny,
          ...(reason !== undefined && { reason }),
        });
        const tool = approvals.find((approval) => approval.approvalId === chosen);
        const what = tool ? callOf(tool) : chosen;
        await terminal.writeLine(`${deny ? "Denied" : "Allowed"} ${what}.`);
      }),
    );
}

/** How much of a tool's input is shown. */
const INPUT_WIDTH = 120;

const HELP = `
The first answer counts; a second changes nothing.

Exit codes: 0 answered · 1 could not be done, or it is not clear which one is meant · 2 wrong usage

Examples:
  holdfast approve 6f1c0e…                     the one that waits
  holdfast approve 6f1c0e… 1:2:call_7
  holdfast approve 6f1c0e… --deny --reason "too expensive"`;

function onlyOne(approvals: readonly PendingApproval[]): PendingApproval {
  const [first, ...others] = approvals;
  if (!first) throw new CommandError("nothing waits for approval in this conversation.");
  if (others.length === 0) return first;
  const list = approvals.map((approval) => `  ${approval.approvalId}  ${callOf(approval)}`);
  throw new CommandError(`several wait for approval, name one of them:\n${list.join("\n")}`);
}

function callOf({ tool, input }: PendingApproval): string {
  return `${tool}(${visibleLine(JSON.stringify(input), INPUT_WIDTH)})`;
}
