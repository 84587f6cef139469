import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { CommandError } from "../command-error.ts";
import { EXIT, RUN_EXIT_CODES } from "../exit-codes.ts";
import { SERVER_OPTION, SERVER_OPTION_SAYS, withServer } from "../server.ts";
import type { Server, ServerFlags } from "../server.ts";
import type { Terminal } from "../terminal.ts";
import { onInterrupt } from "../watch/on-interrupt.ts";

interface RunFlags extends ServerFlags {
  readonly conversation?: string;
  readonly idempotencyKey?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export function addRunCommand(program: Command, terminal: Terminal): void {
  program
    .command("run")
    .description("Start a run of an agent, and show its answer as it is written.")
    .argument("<agent>", "the agent's name")
    .argument("<message>", "what to say to it; - reads it from standard input")
    .option(SERVER_OPTION, SERVER_OPTION_SAYS)
    .option("--conversation <id>", "go on in this conversation instead of a new one")
    .option("--idempotency-key <key>", "repeated under the same key within 24 hours it is the same run")
    .option("--detach", "print the ids and leave the run to itself")
    .option("--json", "print every entry of the log, a JSON object a line")
    .addHelpText("after", HELP)
    .action(async (agent: string, message: string, flags: RunFlags) => {
      process.exitCode = await withServer(flags, (server) => run(server, terminal, agent, message, flags));
    });
}

const HELP = `
On a terminal the text comes as it is written. Into a file or a pipe it comes a step at a time, once it is certain: what is
there is always a beginning of the final text, and in the end exactly it.

Ctrl-C leaves the run to itself and says how to come back; a second one ends at once.
${RUN_EXIT_CODES}

Examples:
  holdfast run TravelPlanner "Plan a 3-day trip to Tokyo"
  holdfast run TravelPlanner "Make it four days" --conversation 6f1c0e… > plan.md
  holdfast run TravelPlanner - < request.txt
  read id run < <(holdfast run TravelPlanner "Plan a weekend in Paris" --detach)`;

async function run(
  server: Server,
  terminal: Terminal,
  agent: string,
  message: string,
  { conversation, idempotencyKey, detach = false, json = false }: RunFlags,
): Promise<number> {
  // Loaded before there is a run that a Ctrl-C would have to name.
  const { comeBackCommand, watchConversation } = await import("../watch/watch-conversation.ts");
  const fromStdin = message === "-";
  const started = await start(server, {
    agent,
    message: fromStdin ? (await text(process.stdin)).replace(/\r?\n$/, "") : message,
    conversationId: conversation,
    idempotencyKey,
  });
  const { conversationId, run: ordinal, id } = started;
  if (json) {
    const accepted = { conversation_id: conversationId, run: ordinal, correlation_id: id };
    await terminal.writeLine(JSON.stringify({ event: "accepted", ...accepted }));
  }
  const watching = { agent, conversationId, run: ordinal, json, mayAsk: !fromStdin };
  if (!detach) return watchConversation(server, terminal, watching);
  if (!json) await terminal.writeLine(`${conversationId} ${ordinal}`);
  terminal.aside(`Follow it with:\n  ${comeBackCommand(server.flag, watching, undefined)}`);
  return EXIT.ok;
}

/** Ctrl-C while nobody has answered yet leaves open whether the request got there: that is said, not hidden. */
async function start(
  { client }: Server,
  request: Omit<Parameters<Server["client"]["start"]>[0], "signal">,
): Promise<Awaited<ReturnType<Server["client"]["start"]>>> {
  const abort = new AbortController();
  const release = onInterrupt(() => abort.abort());
  try {
    return await client.start({ ...request, signal: abort.signal });
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    throw new CommandError(
      "stopped before the server answered: the run may have been accepted or not. An --idempotency-key makes it safe to repeat.",
      EXIT.interrupted,
    );
  } finally {
    release();
  }
}
