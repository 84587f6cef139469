import { AgentError } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { MCP_SESSION_ID } from "../../protocol/index.ts";
import { recentRuns } from "../../runtime/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { digest } from "../digest.ts";

// A session is a name and nothing more: no process holds anything of it, so that any node answers for it. What a session has
// called is found again by marks that are made of the session's name and the request's id.

/** A call as its session knows it. */
export interface CallName {
  readonly session: string;
  readonly id: string | number;
}

/** The session that a request belongs to, as the client tells it. Throws `invalid_request`. */
export function sessionOf({ headers }: Request): string | undefined {
  const session = headers.get(MCP_SESSION_ID);
  if (session === null) return undefined;
  // MCP 2025-11-25, Session Management: "visible ASCII characters".
  if (/^[\x21-\x7e]{1,128}$/.test(session)) return session;
  throw new AgentError("invalid_request", "The Mcp-Session-Id is not one that was given here.", {
    details: { field: MCP_SESSION_ID },
  });
}

/** What tells the repeats of a call, and its cancellation, from those of other calls. */
export async function markOf({ session, id }: CallName): Promise<string> {
  return digest(JSON.stringify(["mcp", session, id]));
}

/** The conversation that a call begins when it names none. */
export function threadOfMark(mark: string): ConversationId {
  return mark.slice(0, 32) as ConversationId;
}

/** The public id of the run that a call starts. */
export function runIdOfMark(mark: string): string {
  return mark.slice(32);
}

/** How many conversations are looked through for a call that is to be cancelled. */
const MOST_LOOKED_AT = 1000;

/** The run of a call that has not ended yet; undefined when there is none, which is no mistake: it may just have ended. */
export async function runOfMark(
  runtime: Runtime,
  mark: string,
): Promise<{ readonly conversation: ConversationId; readonly run: number } | undefined> {
  const own = threadOfMark(mark);
  const found = await runIn(runtime, own, mark);
  if (found !== undefined) return { conversation: own, run: found };
  let looked = 0;
  for await (const { id } of runtime.store.unfinished(0)) {
    if (looked++ === MOST_LOOKED_AT) return undefined;
    const run = await runIn(runtime, id, mark);
    if (run !== undefined) return { conversation: id, run };
  }
  return undefined;
}

async function runIn(runtime: Runtime, id: ConversationId, mark: string): Promise<number | undefined> {
  const conversation = await runtime.store.conversation(id);
  if (!conversation) return undefined;
  const runs = await recentRuns(runtime, conversation);
  return runs.find((run) => run.id === runIdOfMark(mark))?.run;
}
