/** Lets tasks of one name begin one after the other. */
export type Turns = <Result>(name: string, task: () => Promise<Result>) => Promise<Result>;

/** Keeps nothing of a name once its tasks are over. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const before = last.get(name) ?? Promise.resolve();
    // How the one before ended is its own affair.
    const turn = before.then(task, task);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
