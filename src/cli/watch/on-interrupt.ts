import { EXIT } from "../exit-codes.ts";

/** The first Ctrl-C calls back, the second ends the process at once. Lets go when the returned function is called. */
export function onInterrupt(letGo: () => void): () => void {
  let interrupted = false;
  const listener = (): void => {
    if (interrupted) process.exit(EXIT.interrupted);
    interrupted = true;
    letGo();
  };
  process.on("SIGINT", listener);
  return () => void process.off("SIGINT", listener);
}
