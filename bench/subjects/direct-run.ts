import {
  applyEvent,
  NO_USAGE,
  NOTHING_LOGGED,
  randomConversationId,
  randomId,
  START,
} from "../../src/core/index.ts";
import type { ConversationId } from "../../src/core/index.ts";
import { createLogWriter } from "../../src/runtime/log-writer.ts";
import type { LogWriter } from "../../src/runtime/log-writer.ts";
import { NO_METRICS } from "../../src/index.ts";
import type { ConversationStore } from "../../src/index.ts";

/** A run without a runtime: posted, acquired and written through the store's port and the log writer alone. */
export interface DirectRun {
  readonly id: ConversationId;
  /** Writes one piece of the answer; `writer.flush` resolves when it is stored. */
  readonly say: (chunk: string) => void;
  readonly writer: LogWriter;
  /** Ends the run with its record. */
  readonly end: () => Promise<void>;
}

const AGENT = "Puppet";
const PART = "1";

/** Begins a run whose answer has begun. */
export async function beginDirectRun(store: ConversationStore): Promise<DirectRun> {
  const id = randomConversationId();
  const request = { kind: "run", id: randomId(), agent: AGENT, input: "Say it.", options: {} } as const;
  await store.post(id, request);
  const last = await store.acquire(id, { worker: "bench", run: 1 });
  const conversation = await store.conversation(id);
  if (!last || !conversation) throw new Error("A conversation that was just begun is not there.");
  const writer = createLogWriter({
    store,
    id,
    state: applyEvent(NOTHING_LOGGED, last),
    stored: [last],
    now: Date.now,
    metrics: NO_METRICS,
    signal: new AbortController().signal,
    onStored: () => {},
  });
  const { id: runId, agent, input, options } = request;
  const takes = conversation.inbox.map(({ itemId }) => itemId);
  const startedAt = Date.now();
  writer.write({ type: "run-start", id: runId, agent, input, acceptedAt: startedAt, options }, { takes });
  writer.write({ type: "step-start", step: 1, kind: "model" });
  writer.write({ type: "text-start", step: 1, id: PART });
  await writer.flush();
  let sequence = 0;

  return {
    id,
    writer,
    say(delta) {
      writer.write({ type: "text-delta", step: 1, id: PART, delta, sequence: sequence++ });
    },
    async end() {
      const message = { role: "assistant", content: [{ type: "text", text: writer.state.text }] } as const;
      writer.write({ type: "text-end", step: 1, id: PART });
      writer.write({ type: "step-end", step: 1, message, finishReason: "stop", usage: NO_USAGE });
      const { messages, text, tip } = writer.state;
      writer.write(
        { type: "run-completed", usage: NO_USAGE },
        {
          record: {
            run: 1,
            id: runId,
            agent,
            status: "completed",
            input,
            options,
            messages,
            text,
            usage: NO_USAGE,
            acceptedAt: startedAt,
            startedAt,
            endedAt: Date.now(),
            attempts: 1,
            steps: 1,
            from: START,
            to: tip,
          },
        },
      );
      await writer.flush();
    },
  };
}
