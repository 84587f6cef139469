import {
  AgentError,
  applyEvent,
  attemptOf,
  compareCursors,
  cursorAt,
  cursorOf,
  foldRun,
  lastingMessages,
  nextStep,
  NO_USAGE,
  parseCursor,
  seqOf,
  spentItems,
  textOf,
} from "../../src/core/index.ts";
import type {
  Cursor,
  Decision,
  EventBody,
  InboxItem,
  LogEvent,
  RunEnd,
  RunPolicy,
  RunRecord,
  RunState,
} from "../../src/core/index.ts";
import type { AppendOptions, Holder } from "../../src/ports/index.ts";
import { ENDED_STATUS } from "../../src/runtime/end-run.ts";
import * as store from "./store-model.ts";
import type { StoreRules, StoreState } from "./store-model.ts";

/**
 * A worker between two atomic steps. It may stop at any of them for ever (frozen, a zombie) or lose all that it knows (a
 * crash), so neither needs a state of its own: a dead worker is an idle one that does nothing.
 */
export type Worker =
  | { readonly kind: "idle" }
  /** It has looked at the conversation; what it saw may be long past when it acts. */
  | { readonly kind: "loaded"; readonly run: number; readonly settled: Cursor }
  /** It has an attempt and has not looked at the log since. */
  | { readonly kind: "acquired"; readonly start: LogEvent }
  | Driving;

export interface Driving {
  readonly kind: "driving";
  readonly attempt: number;
  readonly run: number;
  /** The end of the run before, as it was when the worker looked. */
  readonly settled: Cursor;
  /** The run as all that was written tells it, stored or not. */
  readonly state: RunState;
  /** How many deltas of the open model call were written; undefined between calls. */
  readonly said: number | undefined;
  /** How often the model broke off in this worker's hands. */
  readonly failures: number;
  /** Nothing is decided before all that was written is stored. */
  readonly flushing: boolean;
  readonly ending: boolean;
  readonly pending: readonly Pending[];
  /** The append that it waits for an answer to. */
  readonly sent: Request | undefined;
  /** What was stored since a step last ended. */
  readonly recent: readonly Pending[];
}

export interface Pending {
  readonly event: LogEvent;
  readonly options?: AppendOptions;
}

/** An append on its way: from now on it may reach the store at any time, any number of times, or never. */
export interface Request {
  readonly events: readonly LogEvent[];
  readonly options?: AppendOptions;
}

/** What a worker decides by. The real rules are those of the core and the runtime; a mutant breaks one of them. */
export interface WorkerRules {
  readonly nextStep: typeof nextStep;
  /** What an attempt is begun with by who has looked. */
  readonly holderOf: (loaded: Extract<Worker, { kind: "loaded" }>) => Holder;
  /** Whether a log ending with this entry is the worker's to write, once it has acquired with `start`. */
  readonly isMine: (last: LogEvent, start: LogEvent) => boolean;
  /** What is done together with entries that a failover lost, when they are sent again with the newest. */
  readonly optionsAgain: (again: readonly Pending[]) => AppendOptions | undefined;
}

export const WORKER_RULES: WorkerRules = {
  nextStep,
  holderOf: ({ run, settled }) => ({ worker: "w", run, settled }),
  isMine: (last, start) => last.attempt === start.attempt,
  optionsAgain: (again) => {
    const takes = again.flatMap((entry) => entry.options?.takes ?? []);
    const newest = again.at(-1)?.options;
    return takes.length > 0 ? { ...newest, takes } : newest;
  },
};

export interface Setting {
  readonly policy: RunPolicy;
  /** How many deltas a model's answer has. */
  readonly deltas: number;
  /** How often a model may break off in one worker's hands. */
  readonly modelFailures: number;
  readonly storeRules: StoreRules;
  readonly workerRules: WorkerRules;
}

/** What one atomic step makes of a worker, and of the store where it reaches it. */
export interface WorkerStep {
  readonly says: string;
  readonly worker: Worker;
  readonly store?: StoreState;
  readonly sends?: Request;
}

const IDLE: Worker = { kind: "idle" };

/** Everything that a worker may do next by itself; answers to its appends are not among it. */
export function workerSteps(worker: Worker, known: StoreState, setting: Setting): readonly WorkerStep[] {
  switch (worker.kind) {
    case "idle":
      return load(known);
    case "loaded":
      return [...acquire(worker, known, setting), crash()];
    case "acquired":
      return [look(worker.start, known, setting), crash()];
    case "driving":
      return [...drive(worker, known, setting).map(sendNext), crash()];
  }
}

function crash(): WorkerStep {
  return { says: "crashes", worker: IDLE };
}

/** As loadRun and driveOnce do. */
function load(known: StoreState): readonly WorkerStep[] {
  const state = foldRun(store.read(known, known.settled));
  const queued = known.inbox.find((item) => item.kind === "run");
  if (known.tip === known.settled && !queued) return [];
  const waiting = queued?.kind === "run" ? queued.run : known.runs;
  const run = state.start && !state.end ? state.start.run : waiting;
  return [{ says: `looks, for run ${run}`, worker: { kind: "loaded", run, settled: known.settled } }];
}

function acquire(
  worker: Extract<Worker, { kind: "loaded" }>,
  known: StoreState,
  { storeRules, workerRules }: Setting,
): readonly WorkerStep[] {
  const begun = begin(known, workerRules.holderOf(worker), storeRules);
  if (!begun) return [{ says: "finds nothing to hold, or that the run is over", worker: IDLE }];
  const says = `begins attempt ${begun.event.attempt}`;
  return [
    { says, worker: { kind: "acquired", start: begun.event }, store: begun.state },
    { says: `${says} and never hears of it`, worker: IDLE, store: begun.state },
  ];
}

function begin(known: StoreState, holder: Holder, rules: StoreRules): ReturnType<typeof store.acquire> {
  try {
    return store.acquire(known, holder, rules);
  } catch {
    return undefined; // Fenced: the run that it was to be about has ended. The driver looks again when it is woken.
  }
}

/** As beginAttempt does. */
function look(start: LogEvent, known: StoreState, { workerRules }: Setting): WorkerStep {
  const events = store.read(known, known.settled);
  const last = events.at(-1);
  if (!last || !workerRules.isMine(last, start)) return { says: "finds another in its place", worker: IDLE };
  const worker: Driving = {
    kind: "driving",
    attempt: last.attempt,
    run: last.run,
    settled: known.settled,
    state: foldRun(events),
    said: undefined,
    failures: 0,
    flushing: false,
    ending: false,
    pending: [],
    sent: undefined,
    recent: [{ event: last }],
  };
  return { says: `holds attempt ${last.attempt}`, worker };
}

function drive(worker: Driving, known: StoreState, setting: Setting): readonly WorkerStep[] {
  if (worker.said !== undefined) return talk(worker, worker.said, known, setting);
  const stored = worker.pending.length === 0 && !worker.sent;
  if (worker.ending) return stored ? [{ says: "is done", worker: IDLE }] : [];
  return worker.flushing && !stored ? [] : [decide(worker, known, setting)];
}

function decide(worker: Driving, known: StoreState, setting: Setting): WorkerStep {
  const decision = setting.workerRules.nextStep(worker.state, known.inbox, setting.policy, 0);
  const settled = { ...worker, flushing: false };
  return { says: `decides to ${decision.kind}`, worker: carryOut(settled, decision, known.inbox) };
}

/** As carryOut of the runtime does. */
function carryOut(worker: Driving, decision: Decision, inbox: readonly InboxItem[]): Worker {
  switch (decision.kind) {
    case "idle":
      return IDLE;
    case "start-run": {
      const { id, agent, input, options, at: acceptedAt, itemId } = decision.item;
      return write(worker, { type: "run-start", id, agent, input, acceptedAt, options }, { takes: [itemId] });
    }
    case "reset-step": {
      const { step, from } = decision;
      return write(worker, { type: "step-reset", step, from, reason: "interrupted" });
    }
    case "keep-step": {
      const content = [{ type: "text", text: decision.text.trimStart() }] as const;
      const message = { role: "assistant", content } as const;
      return write(worker, { type: "step-end", step: decision.step, message, finishReason: "interrupted" });
    }
    case "call-model":
      return { ...write(worker, { type: "step-start", step: decision.step, kind: "model" }), said: 0 };
    case "complete-run":
      return end(worker, { type: "run-completed", usage: NO_USAGE }, inbox);
    case "stop-short":
      return end(worker, { type: "run-incomplete", reason: decision.reason, usage: NO_USAGE }, inbox);
    case "fail-run":
      return end(
        worker,
        { type: "run-failed", code: decision.code, message: decision.message, usage: NO_USAGE },
        inbox,
      );
    case "cancel-run":
      return end(worker, { type: "run-cancelled", usage: NO_USAGE }, inbox);
    case "reattach-step":
      throw new Error("No responses at a provider in this model.");
    case "call-tools":
    case "await-approval":
    case "end-tools":
      throw new Error("No tools in this model.");
  }
}

/** One more word of the model, its end, its breaking off, or a cancellation that was heard meanwhile. */
function talk(
  worker: Driving,
  said: number,
  known: StoreState,
  { deltas, modelFailures, policy }: Setting,
): readonly WorkerStep[] {
  const { state } = worker;
  const step = state.open?.step ?? 0;
  const steps: WorkerStep[] = [];
  if (said < deltas) {
    // Every worker, and every try, gives another answer: what is mixed up shows.
    const delta = `${worker.attempt}${"abc"[worker.failures]}${said};`;
    const next = write(worker, { type: "text-delta", step, id: "t", delta, sequence: state.chunks });
    steps.push({ says: `hears "${delta}"`, worker: { ...next, said: said + 1 } });
  } else {
    const content = [{ type: "text", text: state.open?.text ?? "" }] as const;
    const message = { role: "assistant", content } as const;
    const next = write(worker, { type: "step-end", step, message, usage: NO_USAGE, finishReason: "stop" });
    steps.push({ says: "hears the answer's end", worker: { ...next, said: undefined, flushing: true } });
  }
  if (worker.failures < modelFailures) {
    const failed = { ...worker, said: undefined, failures: worker.failures + 1 };
    const from = state.open?.from;
    const resets = policy.onInterrupted === "restart" && from !== undefined;
    const next = resets ? write(failed, { type: "step-reset", step, from, reason: "retry" }) : failed;
    steps.push({ says: "hears the model break off", worker: next });
  }
  if (known.inbox.some((item) => item.kind === "cancel" && item.upTo >= worker.run))
    steps.push({ says: "hears of the cancellation", worker: { ...worker, said: undefined } });
  return steps;
}

function write(worker: Driving, body: EventBody, options?: AppendOptions): Driving {
  const { attempt, run, state, pending } = worker;
  const event: LogEvent = { v: 1, attempt, seq: seqOf(state.tip) + 1, at: 0, run, ...body };
  const entry = options ? { event, options } : { event };
  return { ...worker, state: applyEvent(state, event), pending: [...pending, entry] };
}

/** As endRun does. */
function end(worker: Driving, event: RunEnd, inbox: readonly InboxItem[]): Driving {
  const { state, settled } = worker;
  const { start } = state;
  if (!start) throw new Error("Only a run that has started can end.");
  const record: RunRecord = {
    run: start.run,
    id: start.id,
    agent: start.agent,
    status: ENDED_STATUS[event.type],
    input: start.input,
    options: start.options,
    messages: lastingMessages(state),
    text: textOf(state),
    usage: NO_USAGE,
    acceptedAt: 0,
    startedAt: 0,
    endedAt: 0,
    attempts: state.attempts,
    steps: state.steps,
    from: settled,
    to: cursorAt(state.attempt, seqOf(state.tip) + 1),
  };
  return { ...write(worker, event, { takes: spentItems(record.run, inbox), record }), ending: true };
}

/**
 * As takeBatch of the log writer does: when nothing is in flight, everything up to the first entry that has something
 * done with it. What is written meanwhile is the next append, so that how entries fall into appends depends on when
 * answers come: every way is looked at.
 */
function sendNext(step: WorkerStep): WorkerStep {
  const { worker, says } = step;
  if (worker.kind !== "driving" || worker.sent || worker.pending.length === 0) return step;
  const { pending } = worker;
  const last = pending.findIndex((entry) => entry.options !== undefined);
  const batch = last === -1 ? pending : pending.slice(0, last + 1);
  const request = requestFor(
    batch.map((entry) => entry.event),
    batch.at(-1)?.options,
  );
  return {
    ...step,
    says: `${says} and sends ${namesOf(request.events)}`,
    worker: { ...worker, pending: pending.slice(batch.length), sent: request },
    sends: request,
  };
}

function requestFor(events: readonly LogEvent[], options: AppendOptions | undefined): Request {
  return options ? { events, options } : { events };
}

/** What a worker does when its append is acknowledged. */
export function acknowledged(worker: Driving): WorkerStep {
  const recent = [...worker.recent, ...entriesOf(worker.sent)];
  const last = recent.findLastIndex(({ event }) => event.type === "step-end");
  return sendNext({
    says: "hears of it",
    worker: { ...worker, sent: undefined, recent: last > 0 ? recent.slice(last) : recent },
  });
}

/** What a worker does when its append is refused: gives up, or sends again what a failover lost. */
export function refused(worker: Driving, error: AgentError, { workerRules }: Setting): WorkerStep {
  const { sent } = worker;
  if (error.code !== "log_gap") return { says: "gives up", worker: IDLE };
  const tip = parseCursor(String(error.details["tip"]));
  const again = [...worker.recent, ...entriesOf(sent)].filter(
    ({ event }) => compareCursors(cursorOf(event), tip) > 0,
  );
  const joins = attemptOf(tip) === worker.attempt && again[0]?.event.seq === seqOf(tip) + 1;
  if (!joins) return { says: "gives up", worker: IDLE };
  const request = requestFor(
    again.map(({ event }) => event),
    workerRules.optionsAgain(again),
  );
  const says = `sends ${namesOf(request.events)} again`;
  return { says, worker: { ...worker, sent: request }, sends: request };
}

function entriesOf(request: Request | undefined): readonly Pending[] {
  const last = request?.events.at(-1);
  return (request?.events ?? []).map((event) =>
    event === last && request?.options ? { event, options: request.options } : { event },
  );
}

export function namesOf(events: readonly LogEvent[]): string {
  return events.map((event) => `${cursorOf(event)} ${event.type}`).join(", ");
}
