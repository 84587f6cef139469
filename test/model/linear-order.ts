/** A call that was made and answered. The stamps are of one clock: what ended before another began came before it. */
export interface Observed<Call> {
  readonly call: Call;
  readonly client: number;
  readonly began: number;
  readonly ended: number;
  /** The answer, printed: equal for equal answers. */
  readonly answer: string;
}

export interface Sequential<State, Call> {
  /** What the call would be answered in a state, and the state after it. */
  readonly apply: (state: State, call: Call) => { readonly state: State; readonly answer: string };
  readonly keyOf: (state: State) => string;
}

/** More than so many calls at a time would make the search long: there are as many orders as permutations. */
export const MAX_CONCURRENT = 12;

/**
 * Every state in which the observed calls can have left what began in one of some states, in an order in which each
 * call takes effect at one moment between its beginning and its end, and is answered as if it were alone (Wing and Gong).
 * None: there is no such order, the calls were not atomic.
 */
export function statesAfter<State, Call>(
  observed: readonly Observed<Call>[],
  before: readonly State[],
  { apply, keyOf }: Sequential<State, Call>,
): readonly State[] {
  if (observed.length > MAX_CONCURRENT)
    throw new TypeError(`At most ${MAX_CONCURRENT} calls can be ordered.`);
  const all = (1 << observed.length) - 1;
  const seen = new Set<string>();
  const found = new Map<string, State>();

  function go(done: number, state: State): void {
    const key = keyOf(state);
    if (seen.has(`${done} ${key}`)) return;
    seen.add(`${done} ${key}`);
    if (done === all) found.set(key, state);
    const left = observed.filter((_, index) => (done & (1 << index)) === 0);
    const firstEnd = Math.min(...left.map((each) => each.ended));
    for (const [index, { call, began, answer }] of observed.entries()) {
      if ((done & (1 << index)) !== 0 || began > firstEnd) continue;
      const next = apply(state, call);
      if (next.answer === answer) go(done | (1 << index), next.state);
    }
  }

  for (const state of before) go(0, state);
  return [...found.values()];
}
