import { AgentError, compareCursors, cursorOf, isSettled } from "../../src/core/index.ts";
import type { ConversationId, LogEvent, RunPolicy } from "../../src/core/index.ts";
import { Violation } from "./explorer.ts";
import type { Machine, Step } from "./explorer.ts";
import { createInterner } from "./interner.ts";
import {
  checkAcknowledged,
  checkAppend,
  checkRead,
  checkReader,
  checkStore,
  require,
  runIdOf,
} from "./protocol-laws.ts";
import { NEW_READER, READER_RULES, readerSteps } from "./reader-model.ts";
import type { Reader, ReaderRules } from "./reader-model.ts";
import * as store from "./store-model.ts";
import { STORE_RULES } from "./store-model.ts";
import type { StoreRules, StoreState } from "./store-model.ts";
import { acknowledged, namesOf, refused, WORKER_RULES, workerSteps } from "./worker-model.ts";
import type { Request, Setting, Worker, WorkerRules, WorkerStep } from "./worker-model.ts";

/** How much of everything there is: the bounds within which all that can happen is looked at. */
export interface World {
  readonly workers: number;
  /** How many attempts may begin; rescue after that is not counted. */
  readonly attempts: number;
  readonly runs: number;
  readonly cancels: number;
  readonly deltas: number;
  readonly modelFailures: number;
  readonly onInterrupted: RunPolicy["onInterrupted"];
  readonly maxAttemptsWithoutProgress: number;
  /**
   * Whether every append ever sent may arrive again at any time. Otherwise those that cannot have an effect do not: that
   * they have none is what the worlds with late repeats show.
   */
  readonly lateRepeats: boolean;
  readonly expires: boolean;
  readonly reader: "none" | "text" | "everything";
  /** How often a replica may take over that has not heard of the newest writes. */
  readonly failovers: number;
}

export const SMALL: World = {
  workers: 2,
  attempts: 2,
  runs: 1,
  cancels: 0,
  deltas: 1,
  modelFailures: 0,
  onInterrupted: "restart",
  maxAttemptsWithoutProgress: 9,
  lateRepeats: true,
  expires: false,
  reader: "none",
  failovers: 0,
};

export interface Rules {
  readonly store: StoreRules;
  readonly worker: WorkerRules;
  readonly reader: ReaderRules;
}

export const REAL_RULES: Rules = { store: STORE_RULES, worker: WORKER_RULES, reader: READER_RULES };

/** Everything at one moment. All parts are interned: equal parts are one object. */
export interface ProtocolState {
  readonly store: StoreState;
  readonly workers: readonly Worker[];
  /** Appends that were sent, and may reach the store at any time from now on. */
  readonly network: readonly Request[];
  readonly reader: Reader;
  /** What a replica knows that has not heard of the newest writes. */
  readonly replica: StoreState | undefined;
  /** Entries that were acknowledged and lost in a failover. */
  readonly lost: readonly LogEvent[];
}

const ID = "conversation" as ConversationId;

/** How many steps one worker, left alone, may need to end all runs. */
const RESCUE_LIMIT = 200;

/** The protocol as a machine whose every state can be visited. */
export function createProtocol(world: World, rules: Rules = REAL_RULES): Machine<ProtocolState> {
  const interner = createInterner();
  const readerRules = { ...rules.reader, everything: world.reader === "everything" };
  const setting: Setting = {
    policy: policyOf(world),
    deltas: world.deltas,
    modelFailures: world.modelFailures,
    storeRules: rules.store,
    workerRules: rules.worker,
  };
  const checked = new Set<string>();
  const requestOf = new WeakMap<Worker, Request>();

  const begin = interner.one(posted(undefined));
  const initial: ProtocolState = {
    store: begin,
    workers: Array.from({ length: world.workers }, () => interner.one<Worker>({ kind: "idle" })),
    network: [],
    reader: interner.one(NEW_READER),
    replica: world.failovers > 0 ? begin : undefined,
    lost: interner.one([]),
  };

  function stepsFrom(state: ProtocolState): readonly Step<ProtocolState>[] {
    return [
      ...stepsOfWorkers(state),
      ...stepsOfNetwork(state),
      ...stepsOfReader(state),
      ...stepsOfWorld(state),
    ].map((step) => ({ ...step, state: pruned(step.state) }));
  }

  function stepsOfWorkers(state: ProtocolState): readonly Step<ProtocolState>[] {
    return state.workers.flatMap((worker, index) => {
      if (state.workers.indexOf(worker) < index) return [];
      return workerSteps(worker, state.store, setting)
        .filter((step) => !step.store || attemptsOf(step.store) <= world.attempts)
        .map((step) => ({
          says: `worker ${index} ${step.says}`,
          state: {
            ...state,
            store: step.store ? interner.one(step.store) : state.store,
            workers: withWorker(state.workers, index, step.worker),
            network: withRequest(state.network, step.sends),
          },
        }));
    });
  }

  function stepsOfNetwork(state: ProtocolState): readonly Step<ProtocolState>[] {
    return state.network.flatMap((request) => delivered(state, request));
  }

  /** An append reaches the store: its answer is lost, or heard by the worker that waits for it. */
  function delivered(state: ProtocolState, request: Request): readonly Step<ProtocolState>[] {
    const says = `the append of ${namesOf(request.events)} arrives`;
    const sender = state.workers.findIndex((worker) => sentBy(worker) === request);
    const worker = state.workers[sender];
    const steps: Step<ProtocolState>[] = [];
    try {
      const after = interner.one(store.append(state.store, request.events, request.options, rules.store));
      checkAppend(state.store, request, after);
      if (after !== state.store) steps.push({ says, state: { ...state, store: after } });
      if (worker?.kind === "driving") {
        checkAcknowledged(request, after);
        const next = acknowledged(worker);
        steps.push({
          says: `${says} and worker ${sender} hears of it`,
          state: {
            ...state,
            store: after,
            workers: withWorker(state.workers, sender, next.worker),
            network: withRequest(state.network, next.sends),
          },
        });
      }
    } catch (error) {
      if (error instanceof Violation || !AgentError.isInstance(error)) throw error;
      require(error.code !== "log_gap" || world.failovers > 0, `L3: ${says} and leaves a hole`);
      if (worker?.kind !== "driving") return [];
      const step = refused(worker, error, setting);
      steps.push({
        says: `${says} and is refused; worker ${sender} ${step.says}`,
        state: {
          ...state,
          workers: withWorker(state.workers, sender, step.worker),
          network: withRequest(state.network, step.sends),
        },
      });
    }
    return steps;
  }

  function stepsOfReader(state: ProtocolState): readonly Step<ProtocolState>[] {
    if (world.reader === "none") return [];
    return readerSteps(state.reader, state.store, readerRules, rules.store).map((step) => {
      if (step.read) checkRead(step.read.event, step.read.after, state.store);
      return { says: `the reader ${step.says}`, state: { ...state, reader: interner.one(step.reader) } };
    });
  }

  function stepsOfWorld(state: ProtocolState): readonly Step<ProtocolState>[] {
    const { store: known, replica } = state;
    const steps: Step<ProtocolState>[] = [];
    const to = (says: string, next: StoreState): void => {
      steps.push({ says, state: { ...state, store: interner.one(next) } });
    };
    if (known.runs < world.runs) to(`run ${known.runs + 1} is posted`, posted(known));
    const cancels = known.items - known.runs;
    const asked = known.inbox.some((item) => item.kind === "cancel" && item.upTo >= known.runs);
    if (cancels < world.cancels && !asked && !isSettled(known))
      to(
        `runs up to ${known.runs} are cancelled`,
        store.post(known, ID, { kind: "cancel", upTo: known.runs }).state,
      );
    if (world.expires && isSettled(known) && known.base !== known.tip)
      to("the stream expires", store.expire(known));
    if (replica && replica !== known && known.failovers < world.failovers) {
      steps.push({ says: "the replica catches up", state: { ...state, replica: known } });
      const lost = known.log.slice(replica.log.length);
      steps.push({
        says: `a replica takes over that ends at ${replica.tip}`,
        state: {
          ...state,
          store: interner.one({ ...replica, failovers: known.failovers + 1 }),
          reader: interner.one(readerAfterFailover(state.reader)),
          lost: interner.one([...state.lost, ...lost]),
        },
      });
    }
    return steps;
  }

  function check(state: ProtocolState): void {
    const { store: known, reader, lost } = state;
    once(`store ${interner.idOf(known)} ${interner.idOf(lost)}`, () => {
      checkStore(known);
      for (const gone of lost) {
        const other = known.log.find((event) => cursorOf(event) === cursorOf(gone));
        require(!other ||
          JSON.stringify(other) ===
            JSON.stringify(
              gone,
            ), `L3: ${cursorOf(gone)} was shown as ${gone.type} and is now ${other?.type ?? ""}`);
      }
      rescue(known);
    });
    once(`reader ${interner.idOf(known)} ${interner.idOf(reader)}`, () => checkReader(reader, known));
  }

  function once(key: string, act: () => void): void {
    if (checked.has(key)) return;
    checked.add(key);
    act();
  }

  /** L10: whatever happened, one worker that is left alone ends every run that was accepted. */
  function rescue(from: StoreState): void {
    let [known, worker]: [StoreState, Worker] = [from, { kind: "idle" }];
    for (let count = 0; count < RESCUE_LIMIT; count++) {
      const step: WorkerStep | undefined = workerSteps(worker, known, setting)[0];
      if (!step) break;
      known = step.store ?? known;
      worker = step.worker;
      for (let request = step.sends; request && worker.kind === "driving";) {
        known = store.append(known, request.events, request.options, rules.store);
        const next = acknowledged(worker);
        [worker, request] = [next.worker, next.sends];
      }
    }
    require(known.records.length ===
      known.runs, `L10: one worker left alone ends ${known.records.length} runs`);
    checkStore(known);
  }

  function sentBy(worker: Worker): Request | undefined {
    if (worker.kind !== "driving" || !worker.sent) return undefined;
    const request = requestOf.get(worker) ?? interner.one(worker.sent);
    requestOf.set(worker, request);
    return request;
  }

  function withWorker(workers: readonly Worker[], index: number, worker: Worker): readonly Worker[] {
    return workers.with(index, interner.one(worker));
  }

  /** Without late repeats, only what a worker waits for or what may still have an effect is on its way. */
  function pruned(state: ProtocolState): ProtocolState {
    if (world.lateRepeats || state.network.length === 0) return state;
    const { attempt, tip, settled } = state.store;
    const awaited = state.workers.map(sentBy);
    const network = state.network.filter((request) => {
      if (awaited.includes(request)) return true;
      const last = request.events.at(-1);
      return last?.attempt === attempt && tip !== settled && compareCursors(cursorOf(last), tip) > 0;
    });
    return { ...state, network };
  }

  function withRequest(network: readonly Request[], sends: Request | undefined): readonly Request[] {
    if (!sends) return network;
    const request = interner.one(sends);
    if (network.includes(request)) return network;
    return [...network, request].toSorted((a, b) => interner.idOf(a) - interner.idOf(b));
  }

  return {
    initial,
    keyOf: ({ store: known, workers, network, reader, replica, lost }) =>
      [
        interner.idOf(known),
        // Who is who makes no difference.
        workers
          .map(interner.idOf)
          .toSorted((a, b) => a - b)
          .join(","),
        network.map(interner.idOf).join(","),
        interner.idOf(reader),
        replica ? interner.idOf(replica) : "",
        interner.idOf(lost),
      ].join("|"),
    stepsFrom,
    check,
  };
}

function posted(known: StoreState | undefined): StoreState {
  const run = (known?.runs ?? 0) + 1;
  const request = { kind: "run", id: runIdOf(run), agent: "Agent", input: `${run}?`, options: {} } as const;
  return store.post(known, ID, request).state;
}

/** Readings are cut by it; to who was told that this is all nothing is promised, since the end itself may be lost. */
function readerAfterFailover(reader: Reader): Reader {
  if (reader.kind === "finished") return { kind: "refused" };
  return reader.kind === "reading" ? { kind: "away", after: reader.after, screen: reader.screen } : reader;
}

function attemptsOf({ log }: StoreState): number {
  return log.filter((event) => event.type === "attempt-start").length;
}

function policyOf({ onInterrupted, maxAttemptsWithoutProgress }: World): RunPolicy {
  return {
    maxSteps: 9,
    maxAttemptsWithoutProgress,
    runTimeoutMs: Number.MAX_SAFE_INTEGER,
    maxTokens: Number.MAX_SAFE_INTEGER,
    onInterrupted,
    reattaches: false,
    needsApproval: () => false,
    mayRepeat: () => false,
  };
}
