import { normalizeText, randomConversationId, randomId } from "../core/index.ts";
import type { ConversationId, JsonObject, Message, RunOptions } from "../core/index.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../ports/index.ts";
import type { Agent } from "./agent.ts";
import type { Runtime } from "./runtime.ts";

/** A request for a run, checked already. */
export interface RunIntent {
  readonly agent: Agent;
  /** The run's public id; absent: a new one. */
  readonly id?: string | undefined;
  /** Absent: a new conversation. */
  readonly conversation?: ConversationId | undefined;
  readonly message: string;
  readonly options: RunOptions;
  readonly metadata?: JsonObject | undefined;
  /** What was said before the message, elsewhere; becomes part of the conversation. */
  readonly preceding?: readonly Message[] | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface StartedRun {
  readonly conversation: ConversationId;
  /** The ordinal of the run in its conversation. */
  readonly run: number;
  /** The run's public id. */
  readonly id: string;
  /** Whether an earlier request under the same idempotency key started it. */
  readonly repeated: boolean;
}

/**
 * Accepts a run: when this resolves, the request is stored (L1) and will be run. Throws what `ConversationStore.post`
 * throws.
 */
export async function startRun(runtime: Runtime, intent: RunIntent): Promise<StartedRun> {
  const { agent, idempotencyKey, options, metadata, preceding } = intent;
  const input = normalizeText(intent.message);
  const conversation = intent.conversation ?? (await newConversationId(runtime, agent, idempotencyKey));
  const posted = await runtime.store.post(
    conversation,
    {
      kind: "run",
      id: intent.id ?? randomId(),
      agent: agent.name,
      input,
      options,
      ...(metadata && { metadata }),
      ...(preceding && { preceding }),
    },
    {
      maxWaiting: runtime.limits.maxWaitingRuns,
      ...(idempotencyKey !== undefined && {
        idempotencyKey,
        fingerprint: await digest(
          JSON.stringify([agent.name, intent.conversation, input, options, metadata, preceding]),
        ),
      }),
    },
  );
  if (!posted.repeated) runtime.metrics.runAccepted(agent.name);
  await wake(runtime, conversation);
  return { conversation, run: posted.run, id: posted.runId, repeated: posted.repeated };
}

/** Wakes a conversation whose inbox has something new. The request is safe already: the sweeper finds it otherwise. */
export async function wake(runtime: Runtime, id: ConversationId, notBefore?: number): Promise<void> {
  try {
    await runtime.engine.wake(id, notBefore === undefined ? {} : { notBefore });
  } catch (error) {
    runtime.logger.error({ conversation: id, error }, "could not wake a conversation; the sweeper will");
  }
}

/**
 * A repeat of a request that names no conversation must find the one that the first began: the key leads to it. A key
 * that comes again after it was forgotten begins another, and does not go on in somebody's old one.
 */
async function newConversationId(
  { store, now }: Runtime,
  agent: Agent,
  idempotencyKey: string | undefined,
): Promise<ConversationId> {
  if (idempotencyKey === undefined) return randomConversationId();
  for (let generation = 0; ; generation++) {
    const seed = JSON.stringify([agent.name, idempotencyKey, generation]);
    const id = (await digest(seed)).slice(0, 32) as ConversationId;
    const conversation = await store.conversation(id);
    if (!conversation || conversation.createdAt > now() - IDEMPOTENCY_WINDOW_MS) return id;
  }
}

/** SHA-256 in hex. */
async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
