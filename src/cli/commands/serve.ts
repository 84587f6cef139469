import type { Command } from "commander";
import type { ServeFlags } from "../serve.ts";

export function addServeCommand(program: Command): void {
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
    .action(async (file: string, flags: ServeFlags) => {
      const { serve } = await import("../serve.ts");
      await serve(file, flags);
    });
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
