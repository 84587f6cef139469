import type { DriveTask } from "../ports/index.ts";
import type { Runtime } from "./runtime.ts";

export interface InboxWatch {
  /** Aborts once the run is to be cancelled, or its time is up: the next decision says which. */
  readonly over: AbortSignal;
  end(): void;
}

/**
 * Looks at the inbox at each interrupt, and when it is its turn (`InboxRounds`), for a cancellation of the run (L11), and at the clock for
 * its deadline (milliseconds since 1970).
 */
export function watchInbox(runtime: Runtime, task: DriveTask, run: number, deadline: number): InboxWatch {
  const abort = new AbortController();
  let ended = false;

  async function look(): Promise<void> {
    try {
      const conversation = await runtime.store.conversation(task.id);
      // A conversation that was deleted wants no more work done for it.
      const cancelled =
        !conversation || conversation.inbox.some((item) => item.kind === "cancel" && item.upTo >= run);
      if (cancelled && !ended) abort.abort(new DOMException("The run was cancelled.", "AbortError"));
    } catch (error) {
      // The writer notices a lost store by itself; the next look may succeed.
      runtime.logger.warn({ conversation: task.id, error }, "could not look at the inbox");
    }
  }

  const stopListening = task.onInterrupt(() => void look());
  const leaveRounds = runtime.inboxRounds.join(() => void look());
  const alarm = setTimeout(
    () => {
      abort.abort(new DOMException("The run's time is up.", "TimeoutError"));
    },
    delayUntil(deadline, runtime.now()),
  );
  // A cancellation may have come between the last decision and now.
  void look();
  return {
    over: abort.signal,
    end() {
      ended = true;
      stopListening();
      leaveRounds();
      clearTimeout(alarm);
    },
  };
}

/** The longest delay that a timer keeps; a later deadline is met by the decision after the step. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function delayUntil(moment: number, now: number): number {
  return Math.min(Math.max(0, moment - now), MAX_TIMER_MS);
}
