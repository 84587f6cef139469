import type { ClientError, HoldfastClient } from "../client/index.ts";
import { CommandError } from "./command-error.ts";
import { ConfigurationError } from "./environment.ts";

export interface ServerFlags {
  /** `--server`, else `HOLDFAST_URL`, else where `holdfast serve` listens by default. */
  readonly server?: string;
}

/** A server that a command talks to. */
export interface Server {
  readonly url: string;
  readonly client: HoldfastClient;
  /** `--server <url>` for a command that is to reach the same server; empty for the one that is reached by default. */
  readonly flag: string;
}

export const SERVER_OPTION = "--server <url>";
export const SERVER_OPTION_SAYS = "the server (HOLDFAST_URL, default http://127.0.0.1:7071)";

const DEFAULT_URL = "http://127.0.0.1:7071";

async function serverFrom(
  flags: ServerFlags,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Server> {
  const named = env["HOLDFAST_URL"]?.trim() || DEFAULT_URL;
  const url = flags.server === undefined ? readUrl("HOLDFAST_URL", named) : readUrl("--server", flags.server);
  const isDefault = url === named;
  const { createHoldfastClient } = await loadClient();
  return { url, client: createHoldfastClient({ baseUrl: url }), flag: isDefault ? "" : ` --server ${url}` };
}

/** Runs what talks to a server; errors of the client become lines that say what to do. */
export async function withServer<Result>(
  flags: ServerFlags,
  action: (server: Server) => Promise<Result>,
): Promise<Result> {
  const server = await serverFrom(flags);
  try {
    return await action(server);
  } catch (error) {
    const { ClientError } = await loadClient();
    if (!(error instanceof ClientError)) throw error;
    throw commandErrorOf(error, server);
  }
}

/** Loaded by the commands that talk to a server: to serve needs none of it. */
function loadClient(): Promise<typeof import("../client/index.ts")> {
  return import("../client/index.ts");
}

/** The agent of a conversation, and the conversation's bare id. */
export async function ownerOf(
  { client }: Server,
  conversation: string,
): Promise<{ readonly agent: string; readonly conversationId: string }> {
  const { agent, conversationId } = await client.history(conversation, { limit: 1 });
  return { agent, conversationId };
}

function commandErrorOf({ code, message, status }: ClientError, { url }: Server): CommandError {
  if (code === "unreachable") {
    const answer = status === undefined ? "" : ` (HTTP ${status})`;
    return new CommandError(
      `no Holdfast answers at ${url}${answer}: start one with holdfast serve, or name another with --server.`,
    );
  }
  if (code === "unexpected_answer") return new CommandError(`${url} is no Holdfast server: ${message}`);
  if (code === "stream_expired") return new CommandError(`${message} holdfast inspect shows it.`);
  return new CommandError(message);
}

function readUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new ConfigurationError(
      name,
      `${name} is ${JSON.stringify(text)}: expected a URL such as ${DEFAULT_URL}.`,
    );
  }
  return text.replace(/\/+$/, "");
}
