import { fork } from "node:child_process";
import { once } from "node:events";

export interface Soaked {
  readonly runs: number;
  readonly cuts: number;
}

/** Readers in a process of their own that go on until they are stopped. */
export function forkSoakers(port: number): { readonly stop: () => Promise<Soaked> } {
  const child = fork(new URL("soak.process.ts", import.meta.url), [String(port)], {
    execArgv: process.execArgv,
  });
  return {
    async stop() {
      const answered = once(child, "message", { signal: AbortSignal.timeout(30_000) });
      child.send("stop");
      const [soaked] = (await answered) as [Soaked & { readonly failed?: string }];
      child.disconnect();
      if (soaked.failed !== undefined) throw new Error(soaked.failed);
      return soaked;
    },
  };
}
