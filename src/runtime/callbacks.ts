import type { LogEvent, RunRecord } from "../core/index.ts";
import type { Logger } from "../ports/index.ts";

/**
 * What an app may hear of its runs, for the whole app and for one agent. Called after what they tell is stored, one
 * after the other for a run, in the process that runs it. A callback that throws or rejects is logged and never hurts
 * the run. Not promised: a call for everything when a worker dies between storing and calling.
 */
export interface AgentCallbacks {
  readonly onStreamingResponseUpdate?: (
    update: ResponseUpdate,
    context: ResponseContext,
  ) => void | PromiseLike<void>;
  readonly onAgentResponse?: (response: AgentResponse, context: ResponseContext) => void | PromiseLike<void>;
}

export interface ResponseUpdate {
  /** The text of this update, empty for what is not text. */
  readonly text: string;
  readonly event: LogEvent;
}

export interface AgentResponse {
  readonly text: string;
  readonly record: RunRecord;
}

export interface ResponseContext {
  readonly agentName: string;
  readonly conversationId: string;
  /** The run's public id. */
  readonly correlationId: string;
  readonly requestMessage: string;
}

/** How many calls of one run may wait for slow callbacks; past it updates are left out, and the log says so. */
export const MAX_CALLBACKS_WAITING = 10_000;

export interface CallbackQueue {
  /** Whether anybody hears of updates. */
  readonly hearsUpdates: boolean;
  update(event: LogEvent): void;
  response(record: RunRecord): void;
}

/** Hands one run's updates to all callbacks, in order, off the run's own path. */
export function createCallbackQueue(
  callbacks: readonly AgentCallbacks[],
  context: () => ResponseContext | undefined,
  logger: Logger,
): CallbackQueue {
  const updates = callbacks.filter((callback) => callback.onStreamingResponseUpdate);
  let tail: Promise<void> = Promise.resolve();
  let waiting = 0;
  let overflowed = false;

  function enqueue(call: () => Promise<void>): void {
    waiting += 1;
    tail = tail.then(call).finally(() => {
      waiting -= 1;
    });
  }

  async function guarded(name: string, call: () => void | PromiseLike<void> | undefined): Promise<void> {
    try {
      await call();
    } catch (error) {
      logger.error({ error, callback: name, ...context() }, "a callback failed; the run goes on");
    }
  }

  function tell(event: LogEvent): void {
    const known = context();
    if (!known) return;
    if (waiting >= MAX_CALLBACKS_WAITING) {
      if (!overflowed) logger.error({ ...known }, "callbacks are too slow; updates are left out");
      overflowed = true;
      return;
    }
    const text = event.type === "text-delta" ? event.delta : "";
    for (const callback of updates) {
      enqueue(() =>
        guarded("onStreamingResponseUpdate", () =>
          callback.onStreamingResponseUpdate?.({ text, event }, known),
        ),
      );
    }
  }

  return {
    hearsUpdates: updates.length > 0,
    update(event) {
      // Most agents have none: what functions close over is made when their function is entered.
      if (updates.length > 0) tell(event);
    },
    response(record) {
      const known = context();
      if (!known) return;
      for (const callback of callbacks) {
        enqueue(() =>
          guarded("onAgentResponse", () => callback.onAgentResponse?.({ text: record.text, record }, known)),
        );
      }
    },
  };
}
