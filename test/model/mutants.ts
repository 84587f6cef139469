import {
  attemptOf,
  compareCursors,
  cursorAt,
  entriesToWrite,
  nextStep,
  seqOf,
  START,
} from "../../src/core/index.ts";
import { REAL_RULES, SMALL } from "./protocol-model.ts";
import type { Rules, World } from "./protocol-model.ts";
import { isShown } from "../../src/runtime/open-reading.ts";

/** A rule, broken on purpose, a world in which that matters, and the law that must be seen to fail. */
export interface Mutant {
  readonly says: string;
  readonly breaks: RegExp;
  readonly rules: Rules;
  readonly world: World;
}

const READ: World = { ...SMALL, reader: "text", lateRepeats: false };

export const MUTANTS: readonly Mutant[] = [
  {
    says: "a stale attempt is not refused",
    breaks: /^L[34]:/,
    world: SMALL,
    rules: withStore({
      entriesToWrite: (log, events) => {
        const [first] = events;
        return first && first.attempt < log.attempt ? events : entriesToWrite(log, events);
      },
    }),
  },
  {
    says: "a repeated append is written again",
    breaks: /^L[34]:/,
    world: SMALL,
    rules: withStore({
      entriesToWrite: (log, events) => {
        entriesToWrite(log, events);
        return events;
      },
    }),
  },
  {
    says: "a conversation in which nothing is to be done can be acquired",
    breaks: /^L5:/,
    world: SMALL,
    rules: {
      ...withStore({ isSettled: () => false }),
      worker: { ...REAL_RULES.worker, holderOf: ({ run }) => ({ worker: "w", run }) },
    },
  },
  {
    says: "an attempt is named for the run that the worker saw before it had it",
    breaks: /^L5:/,
    world: { ...SMALL, runs: 2, lateRepeats: false },
    rules: withWorker({ holderOf: ({ run }) => ({ worker: "w", run }) }),
  },
  {
    says: "a worker takes the newest attempt for its own",
    breaks: /^L[34]:/,
    world: SMALL,
    rules: withWorker({ isMine: () => true }),
  },
  {
    says: "a step that was broken off begins again without a reset",
    breaks: /^L7:/,
    world: READ,
    rules: withWorker({
      nextStep: (state, inbox, policy, now) => nextStep({ ...state, open: undefined }, inbox, policy, now),
    }),
  },
  {
    says: "a reading begins with the entry that the reader has",
    breaks: /^L6:/,
    world: READ,
    rules: {
      ...withStore({ isAfter: (entry, cursor) => compareCursors(entry, cursor) >= 0 }),
      reader: { ...REAL_RULES.reader, leavesBehind: () => false },
    },
  },
  {
    says: "a reading misses the entry after the one that the reader has",
    breaks: /^L6:/,
    world: READ,
    rules: withStore({
      isAfter: (entry, cursor) => compareCursors(entry, cursorAt(attemptOf(cursor), seqOf(cursor) + 1)) > 0,
    }),
  },
  {
    says: "void text is shown to who comes later",
    breaks: /^L7:/,
    world: READ,
    rules: withReader({
      isShown: (event, opening) =>
        isShown(event, { ...opening, conversation: { ...opening.conversation, voided: [] } }),
    }),
  },
  {
    says: "no reset is shown to who comes after it",
    breaks: /^L7:/,
    world: READ,
    rules: withReader({ isShown: (event, opening) => isShown(event, { ...opening, start: START }) }),
  },
  {
    says: "a reader is shown the void part that it was in the middle of",
    breaks: /^L7:/,
    world: READ,
    rules: withReader({
      isShown: (event, opening) => event.type !== "step-reset" && isShown(event, opening),
    }),
  },
];

/** What a failover breaks while the rules are those of a store that cannot lose what it acknowledged. */
export const FAILOVER_MUTANTS: readonly Mutant[] = [
  {
    says: "what was lost is sent again without the items that it took",
    breaks: /^L9:/,
    world: { ...SMALL, workers: 1, attempts: 1, failovers: 1, lateRepeats: false },
    rules: {
      ...failoverRules(),
      worker: { ...REAL_RULES.worker, optionsAgain: (again) => again.at(-1)?.options },
    },
  },
  {
    says: "a lost attempt's number is given again",
    breaks: /^L3:/,
    world: { ...SMALL, failovers: 1, lateRepeats: false },
    rules: REAL_RULES,
  },
  {
    says: "a reader goes on from an entry that was lost",
    breaks: /^L[67]:/,
    world: { ...SMALL, workers: 1, failovers: 1, lateRepeats: false, reader: "text" },
    rules: { ...failoverRules(), reader: { ...REAL_RULES.reader, leavesBehind: () => false } },
  },
];

/** The proposal: whoever acquires after a failover leaves a gap in the numbers, wider than what can have been lost. */
export function failoverRules(): Rules {
  return withStore({ nextAttempt: ({ attempt, failovers }) => Math.max(attempt + 1, failovers * 100) });
}

function withStore(change: Partial<Rules["store"]>): Rules {
  return { ...REAL_RULES, store: { ...REAL_RULES.store, ...change } };
}

function withWorker(change: Partial<Rules["worker"]>): Rules {
  return { ...REAL_RULES, worker: { ...REAL_RULES.worker, ...change } };
}

function withReader(change: Partial<Rules["reader"]>): Rules {
  return { ...REAL_RULES, reader: { ...REAL_RULES.reader, ...change } };
}
