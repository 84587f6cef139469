import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { AgentError } from "../core/index.ts";
import { ConfigurationError } from "./environment.ts";
import { EXIT } from "./exit-codes.ts";
import { serve } from "./serve.ts";
import type { ServeFlags } from "./serve.ts";

/** The command line of Holdfast. Sets the exit code; never throws what a person caused. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = commands();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

function commands(): Command {
  const program = new Command("holdfast")
    .description("Durable AI agents whose streams never let go.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError("(holdfast --help says more)");
  program
    .command("serve")
    .description("Serve the agents of a file over HTTP, and run them.")
    .argument("[agents]", "a TypeScript or JavaScript file that exports `agents`", "agents.ts")
    .option("--port <number>", "port to listen on, 0 for any free one (PORT, default 7071)")
    .option("--host <address>", "address to listen on (HOLDFAST_HOST, default 127.0.0.1)")
    .option("--data <directory>", "where the embedded store lives (HOLDFAST_DATA_DIR, default .holdfast)")
    .option("--redis <connection>", "use this Redis instead (REDIS_CONNECTION_STRING)")
    .option("--api-only", "answer requests, and leave running agents to other processes on the same Redis")
    .addHelpText("after", SERVE_HELP)
    .action((file: string, flags: ServeFlags) => serve(file, flags));
  return program;
}

const SERVE_HELP = `
Environment:
  REDIS_CONNECTION_STRING       redis://, rediss:// or host:port; absent: one file on this disk
  REDIS_STREAM_TTL_MINUTES      how long a finished stream can be replayed (10)
  HOLDFAST_HISTORY_TTL_DAYS     how long a conversation's history is kept (30)
  AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_CHAT_DEPLOYMENT_NAME, AZURE_OPENAI_API_KEY (absent: keyless)
  OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL
                                absent: an offline demo model
  OPENAI_BACKGROUND, AZURE_OPENAI_BACKGROUND
                                true: answers run at the provider and outlive a crash here (false)
  HOLDFAST_GRACE_SECONDS        how long steps under way may take at a stop (10)
  HOLDFAST_LOG_LEVEL            trace, debug, info, warn, error, silent (info)

Exit codes: 0 stopped as asked · 1 could not serve · 2 wrong usage or configuration

Examples:
  holdfast serve agents.ts
  holdfast serve agents.ts --port 8080 --redis redis://localhost:6379`;

/** Says in one line what went wrong, and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigurationError) return fail(error.message, EXIT.usage);
  if (AgentError.isInstance(error)) return fail(error.message, EXIT.failed);
  if (isListenError(error)) return fail(listenMessage(error), EXIT.failed);
  console.error(error);
  return EXIT.failed;
}

function fail(message: string, code: number): number {
  console.error(`holdfast: ${message}`);
  return code;
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
