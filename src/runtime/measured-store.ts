import { AgentError } from "../core/index.ts";
import type { ConversationStore, Metrics } from "../ports/index.ts";

/** The same store, with each append measured: the one call that every token of every run waits for. */
export function measureAppends(
  store: ConversationStore,
  metrics: Metrics,
  clock: () => number = () => performance.now(),
): ConversationStore {
  return {
    description: store.description,
    async append(id, events, options) {
      const began = clock();
      try {
        await store.append(id, events, options);
      } catch (error) {
        metrics.appendFailed({ code: AgentError.from(error).code, durationMs: clock() - began });
        throw error;
      }
      metrics.appended({ entries: events.length, durationMs: clock() - began });
    },
    post: (id, request, options) => store.post(id, request, options),
    acquire: (id, holder) => store.acquire(id, holder),
    read: (id, after, limit) => store.read(id, after, limit),
    follow: (id, after, options) => store.follow(id, after, options),
    conversation: (id) => store.conversation(id),
    history: (id, page) => store.history(id, page),
    list: (filter) => store.list(filter),
    delete: (id) => store.delete(id),
    unfinished: (untouchedForMs) => store.unfinished(untouchedForMs),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}
