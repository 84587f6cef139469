/** A machine to be explored: where it begins, what may happen next, and what must hold in each of its states. */
export interface Machine<State> {
  readonly initial: State;
  /** Equal for states from which the same may happen. */
  readonly keyOf: (state: State) => string;
  /** Everything that may happen next. May throw Violation for a step that must never happen. */
  readonly stepsFrom: (state: State) => readonly Step<State>[];
  /** Throws Violation for a state in which a law does not hold. */
  readonly check: (state: State) => void;
}

export interface Step<State> {
  /** What happened, for the trace. */
  readonly says: string;
  readonly state: State;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** The length of the longest of all shortest ways to a state. */
  readonly depth: number;
  /** The shortest way to a state in which a law does not hold. */
  readonly violation: { readonly law: string; readonly trace: readonly string[] } | undefined;
}

/** A law that does not hold. */
export class Violation extends Error {}

/** Throws past so many states: a model that outgrows its bounds is a mistake of the model. */
export const MAX_STATES = 3_000_000;

interface Visit<State> {
  readonly state: State;
  readonly parent: number;
  readonly says: string;
  readonly depth: number;
}

/** Visits every reachable state, breadth first, until a law does not hold or nothing is left. */
export function explore<State>(machine: Machine<State>): Exploration {
  const seen = new Set<string>([machine.keyOf(machine.initial)]);
  const visits: Visit<State>[] = [{ state: machine.initial, parent: -1, says: "the beginning", depth: 0 }];
  let steps = 0;
  for (let index = 0; index < visits.length; index++) {
    const visit = visits[index]!;
    try {
      machine.check(visit.state);
      for (const { says, state } of machine.stepsFrom(visit.state)) {
        steps += 1;
        const key = machine.keyOf(state);
        if (seen.has(key)) continue;
        seen.add(key);
        visits.push({ state, parent: index, says, depth: visit.depth + 1 });
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const violation = { law: error.message, trace: traceTo(visits, index) };
      return { states: seen.size, steps, depth: visit.depth, violation };
    }
    if (visits.length > MAX_STATES) throw new Error(`More than ${MAX_STATES} states.`);
  }
  return { states: seen.size, steps, depth: visits.at(-1)?.depth ?? 0, violation: undefined };
}

function traceTo<State>(visits: readonly Visit<State>[], index: number): readonly string[] {
  const trace: string[] = [];
  for (let at = index; at > 0; at = visits[at]!.parent) trace.unshift(visits[at]!.says);
  return trace;
}
