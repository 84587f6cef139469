import { ClientError } from "../../client/index.ts";
import type { ClientErrorCode, ConnectionState, Following } from "../../client/index.ts";
import { compareCursors, isRunEnd, parseCursor } from "../../core/index.ts";
import type { LogEvent, RunEnd } from "../../core/index.ts";
import { EXIT } from "../exit-codes.ts";
import type { Server } from "../server.ts";
import type { Terminal } from "../terminal.ts";
import { createAnswerOutput } from "./answer-output.ts";
import type { AnswerOutput } from "./answer-output.ts";
import { createApprovalDesk } from "./approval-desk.ts";
import type { ApprovalDesk } from "./approval-desk.ts";
import { onInterrupt } from "./on-interrupt.ts";

export interface Watching {
  readonly agent: string;
  readonly conversationId: string;
  /** Absent: from the first run that is kept to the end of the latest. */
  readonly run?: number | undefined;
  readonly cursor?: string | undefined;
  readonly json: boolean;
  /** Whether stdin is free to ask on. */
  readonly mayAsk: boolean;
}

/**
 * Follows a conversation and puts out what it says, over any number of broken connections. Ctrl-C lets go of it: the run
 * goes on. Gives the exit code.
 */
export async function watchConversation(
  server: Server,
  terminal: Terminal,
  watching: Watching,
): Promise<number> {
  const { agent, conversationId, cursor, json, mayAsk } = watching;
  const { client, flag: serverFlag } = server;
  const output = createAnswerOutput({ terminal, json, cursor });
  const { breakLine } = output;
  const asks = mayAsk && terminal.asks && !json;
  const desk = createApprovalDesk({ client, agent, conversationId, terminal, asks, serverFlag, breakLine });
  const detach = new AbortController();
  const release = onInterrupt(() => detach.abort());
  const comeBack = (why: string): void =>
    terminal.note(`${why}Come back with:\n  ${comeBackCommand(serverFlag, watching, output.cursor)}`);
  try {
    const following = followed(server, terminal, watching, { signal: detach.signal, breakLine });
    const end = await putOut(terminal, following, { output, desk, cursor });
    await output.end();
    if (!detach.signal.aborted) return outcomeOf(terminal, end);
    comeBack("Detached; the run goes on. ");
    return EXIT.interrupted;
  } catch (error) {
    await breakLine();
    if (error instanceof ClientError && PASSING.has(error.code)) comeBack("");
    throw error;
  } finally {
    await desk.close();
    release();
  }
}

/** Troubles after which a later try may find what this one did not. */
const PASSING: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>(["unreachable", "log_gap"]);

function followed(
  { client }: Server,
  terminal: Terminal,
  { conversationId, run, cursor }: Watching,
  { signal, breakLine }: { readonly signal: AbortSignal; readonly breakLine: () => Promise<void> },
): Following {
  const onConnection = connectionNotes(terminal, breakLine);
  return client.follow(conversationId, { run, cursor, signal, onConnection });
}

interface Outlets {
  readonly output: AnswerOutput;
  readonly desk: ApprovalDesk;
  /** Where the reading began. */
  readonly cursor: string | undefined;
}

/** Puts out everything that comes; gives how the last run ended, if one did. */
async function putOut(
  terminal: Terminal,
  following: Following,
  { output, desk, cursor }: Outlets,
): Promise<RunEnd | undefined> {
  let end: RunEnd | undefined;
  for await (const update of following) {
    const { event } = update;
    if (isRestartOfWhatWasBefore(event, cursor)) {
      await output.breakLine();
      terminal.note(
        `The step that began before ${cursor} was interrupted: what came of it before is withdrawn, and its text is written anew.`,
        "warning",
      );
    }
    await output.take(update);
    desk.take(event);
    if (isRunEnd(event)) end = event;
  }
  return end;
}

/** The command that goes on where an output ends. */
export function comeBackCommand(
  serverFlag: string,
  { conversationId, run, json }: Pick<Watching, "conversationId" | "run" | "json">,
  cursor: string | undefined,
): string {
  const options = [
    cursor === undefined ? "" : ` --cursor ${cursor}`,
    run === undefined ? "" : ` --run ${run}`,
    json ? " --json" : "",
  ];
  return `holdfast follow ${conversationId}${options.join("")}${serverFlag}`;
}

/** Says that the connection is away, and that it is back. */
function connectionNotes(
  terminal: Terminal,
  breakLine: () => Promise<void>,
): (state: ConnectionState) => void {
  let away = false;
  return ({ kind }) => {
    const isAway = kind === "waiting-to-retry" || kind === "offline";
    if (!terminal.notes || away === (isAway || (away && kind === "connecting"))) return;
    away = isAway;
    // A terminal takes what is written at once, so the note comes after the end of the line.
    void breakLine();
    terminal.aside(isAway ? "[The connection is lost; trying again…]" : "[Connected again.]");
  };
}

/** Whether text is withdrawn that was put out before the cursor: it stands elsewhere, and can only be spoken of. */
function isRestartOfWhatWasBefore(event: LogEvent, cursor: string | undefined): boolean {
  if (event.type !== "step-reset" || cursor === undefined) return false;
  return compareCursors(event.from, parseCursor(cursor)) < 0;
}

function outcomeOf(terminal: Terminal, end: RunEnd | undefined): number {
  switch (end?.type) {
    case "run-failed":
      terminal.note(`The run failed: ${end.message} (${end.code})`, "bad");
      return EXIT.runFailed;
    case "run-cancelled":
      terminal.note(`The run was cancelled${end.reason === undefined ? "." : `: ${end.reason}`}`, "warning");
      return EXIT.runCancelled;
    case "run-incomplete":
      terminal.note(`The answer stops short: ${end.reason}`, "warning");
      return EXIT.runIncomplete;
    case "run-completed":
      return EXIT.ok;
    case undefined:
      terminal.note("There is nothing after that cursor.");
      return EXIT.ok;
  }
}
