import { AgentError, cursorOf } from "../core/index.ts";
import type {
  Conversation,
  ConversationId,
  JsonObject,
  Message,
  RunOptions,
  RunRecord,
} from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import { recordOfRun } from "./run-status.ts";
import type { Runtime } from "./runtime.ts";

/** What a run was accepted with: the same while it waits, while it is under way and when it has ended. */
export interface RunDescription {
  readonly conversation: ConversationId;
  /** The run's ordinal in its conversation. */
  readonly run: number;
  /** The run's public id. */
  readonly id: string;
  readonly agent: string;
  readonly input: string;
  readonly options: RunOptions;
  readonly metadata?: JsonObject;
  /** What was said before the input, elsewhere. */
  readonly preceding?: readonly Message[];
  readonly acceptedAt: number;
}

/** Throws `conversation_not_found` and `run_not_found`. */
export async function describeRun(
  runtime: Runtime,
  id: ConversationId,
  run: number,
): Promise<RunDescription> {
  const conversation = await runtime.store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  const accepted =
    waitingRun(conversation, run) ??
    (await startedRun(runtime, conversation, run)) ??
    // It ended while we looked, or long ago.
    endedRun(await recordOfRun(runtime, id, run));
  if (!accepted) {
    throw new AgentError("run_not_found", `The conversation has ${conversation.runs} runs so far.`);
  }
  const { id: runId, agent, input, options, metadata, preceding, acceptedAt } = accepted;
  return {
    conversation: id,
    run,
    id: runId,
    agent,
    input,
    options,
    ...(metadata && { metadata }),
    ...(preceding && { preceding }),
    acceptedAt,
  };
}

type Accepted = Omit<RunDescription, "conversation" | "run">;

function waitingRun({ inbox }: Conversation, run: number): Accepted | undefined {
  const item = inbox.find((each) => each.kind === "run" && each.run === run);
  return item?.kind === "run" ? { ...item, acceptedAt: item.at } : undefined;
}

/** How many entries are looked at at a time: a run's start is among the first of the run. */
const FIRST_ENTRIES = 16;

/** The run under way. Only its beginning is read, however long it is: whoever comes back asks for this. */
async function startedRun(
  { store }: Runtime,
  { id, settled }: Conversation,
  run: number,
): Promise<Accepted | undefined> {
  for (let position = settled; ;) {
    const events = await store.read(id, position, FIRST_ENTRIES);
    const start = events.find((event) => event.type === "run-start");
    if (start) return start.run === run ? start : undefined;
    const last = events.at(-1);
    if (!last) return undefined;
    position = cursorOf(last);
  }
}

/** The input is the last that the user said: a record keeps what came before it among the messages. */
function endedRun(record: RunRecord | undefined): Accepted | undefined {
  if (!record) return undefined;
  const preceding = record.messages.slice(
    0,
    record.messages.findLastIndex(({ role }) => role === "user"),
  );
  return { ...record, ...(preceding.length > 0 && { preceding }) };
}
