import { createInterface } from "node:readline";
import type { HoldfastClient, PendingApproval } from "../../client/index.ts";
import { ClientError } from "../../client/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { shellWord, visibleLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** Tells of approvals that wait, and asks for answers where somebody can be asked. */
export interface ApprovalDesk {
  take(event: LogEvent): void;
  /** Withdraws the question that stands; resolves when nothing is asked any more. */
  close(): Promise<void>;
}

export interface ApprovalDeskOptions {
  readonly client: HoldfastClient;
  readonly agent: string;
  readonly conversationId: string;
  readonly terminal: Terminal;
  /** Whether to ask, or only to say how to answer. */
  readonly asks: boolean;
  /** What is added to the commands that are shown. */
  readonly serverFlag: string;
  readonly breakLine: () => Promise<void>;
}

/** How much of a tool's input is shown. */
const INPUT_WIDTH = 200;

export function createApprovalDesk(options: ApprovalDeskOptions): ApprovalDesk {
  const { client, agent, conversationId, terminal, asks, serverFlag, breakLine } = options;
  const answered = new Set<string>();
  const closing = new AbortController();
  /** One question at a time. */
  let work: Promise<void> = Promise.resolve();
  let question: { readonly approvalId: string; readonly withdraw: AbortController } | undefined;

  async function handle(approvalId: string): Promise<void> {
    const approval = await stillPending(approvalId);
    if (!approval || closing.signal.aborted) return;
    await breakLine();
    const call = `${approval.tool}(${visibleLine(JSON.stringify(approval.input), INPUT_WIDTH)})`;
    terminal.note(`The run waits for leave to call ${call}`, "warning");
    const command = `holdfast approve ${conversationId} ${shellWord(approvalId)}${serverFlag}`;
    if (!asks) {
      terminal.note(`Allow it:  ${command}\nDeny it:   ${command} --deny`);
      return;
    }
    const withdraw = new AbortController();
    question = { approvalId, withdraw };
    const signal = AbortSignal.any([withdraw.signal, closing.signal]);
    const approved = await askYesOrNo("Allow it? [y/n] ", signal);
    question = undefined;
    if (approved !== undefined) await client.approve({ agent, conversationId, approvalId, approved });
    else if (!answered.has(approvalId) && !closing.signal.aborted)
      terminal.note(`Answer it later:  ${command} [--deny]`);
  }

  /** A log that is read from its beginning tells of approvals that were answered long ago. */
  async function stillPending(approvalId: string): Promise<PendingApproval | undefined> {
    if (answered.has(approvalId)) return undefined;
    const { approvals } = await client.status({ agent, conversationId, signal: closing.signal });
    return approvals.find((approval) => approval.approvalId === approvalId);
  }

  function report(error: unknown): void {
    if (closing.signal.aborted) return;
    if (!(error instanceof ClientError)) throw error;
    terminal.note(`The approval could not be answered: ${error.message}`, "bad");
  }

  return {
    take(event) {
      if (event.type === "approval-request") {
        const { approvalId } = event;
        work = work.then(() => handle(approvalId)).catch(report);
      }
      if (event.type === "approval-response") {
        answered.add(event.approvalId);
        if (question?.approvalId === event.approvalId) question.withdraw.abort();
      }
    },
    async close() {
      closing.abort();
      await work;
    },
  };
}

/** Undefined when the question was withdrawn, or the person would not say. */
function askYesOrNo(text: string, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const settle = (answer: boolean | undefined): void => {
      signal.removeEventListener("abort", onAbort);
      // Before the close, which settles too, without an answer.
      resolve(answer);
      lines.close();
    };
    const onAbort = (): void => {
      process.stderr.write("\n");
      settle(undefined);
    };
    const ask = (): void =>
      lines.question(text, (line) => {
        const answer = /^\s*(?:(y|yes)|(n|no))\s*$/i.exec(line);
        if (answer) settle(answer[1] !== undefined);
        else ask();
      });
    signal.addEventListener("abort", onAbort, { once: true });
    // The terminal is in raw mode while it asks, and makes no signal of Ctrl-C.
    lines.on("SIGINT", () => process.emit("SIGINT"));
    lines.on("close", () => settle(undefined));
    ask();
  });
}
