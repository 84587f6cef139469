import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { AgentError } from "../core/index.ts";
import { CommandError } from "./command-error.ts";
import { addApproveCommand } from "./commands/approve.ts";
import { addCancelCommand } from "./commands/cancel.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addExportCommand } from "./commands/export.ts";
import { addFollowCommand } from "./commands/follow.ts";
import { addImportCommand } from "./commands/import.ts";
import { addInspectCommand } from "./commands/inspect.ts";
import { addListCommand } from "./commands/list.ts";
import { addRunCommand } from "./commands/run.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { ConfigurationError } from "./environment.ts";
import { EXIT } from "./exit-codes.ts";
import { createTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** The command line of Holdfast. Sets the exit code; never throws what a person caused. */
export async function main(argv: readonly string[]): Promise<void> {
  const terminal = createTerminal(process);
  try {
    await commands(terminal).parseAsync(argv);
  } catch (error) {
    process.exitCode = report(terminal, error);
  }
}

function commands(terminal: Terminal): Command {
  const program = new Command("holdfast")
    .description("Durable AI agents whose streams never let go.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("(holdfast --help says more)")
    .addHelpText("after", HELP);
  addServeCommand(program);
  addRunCommand(program, terminal);
  addFollowCommand(program, terminal);
  addCancelCommand(program, terminal);
  addApproveCommand(program, terminal);
  addListCommand(program, terminal);
  addInspectCommand(program, terminal);
  addExportCommand(program, terminal);
  addImportCommand(program, terminal);
  addDoctorCommand(program, terminal);
  addVerifyCommand(program, terminal);
  return program;
}

const HELP = `
Examples:
  holdfast serve agents.ts
  holdfast run TravelPlanner "Plan a 3-day trip to Tokyo"
  holdfast doctor`;

/** Says in one line what went wrong, and gives the exit code for it. */
function report(terminal: Terminal, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const fail = (message: string, code: number): number => {
    terminal.note(`holdfast: ${message}`);
    return code;
  };
  if (error instanceof CommandError) return fail(error.message, error.exitCode);
  if (error instanceof ConfigurationError) return fail(error.message, EXIT.usage);
  if (AgentError.isInstance(error)) return fail(error.message, EXIT.failed);
  if (isListenError(error)) return fail(listenMessage(error), EXIT.failed);
  // Of the system itself: a path that is no directory, a disk that is full.
  if (error instanceof Error && "syscall" in error) return fail(error.message, EXIT.failed);
  console.error(error);
  return EXIT.failed;
}

interface ListenError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;
}

function isListenError(error: unknown): error is ListenError {
  return error instanceof Error && "code" in error && "syscall" in error && error.syscall === "listen";
}

function listenMessage({ code, address, port, message }: ListenError): string {
  if (code === "EADDRINUSE")
    return `port ${port} of ${address} is taken: stop what uses it, or pass another --port.`;
  if (code === "EACCES") return `this user may not listen on port ${port}: pass a --port above 1023.`;
  return message;
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}

if (import.meta.main) await main(process.argv);
