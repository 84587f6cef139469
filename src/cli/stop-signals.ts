import { EXIT } from "./exit-codes.ts";

export interface StopHandling {
  /** Lets what is under way come to an end; bounded by its own limits. */
  readonly drain: () => Promise<void>;
}

/**
 * Waits for SIGINT or SIGTERM, then drains. A second one ends the process at once. Resolves when drained.
 */
export function onStopSignals({ drain }: StopHandling): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    function stop(): void {
      if (stopping) process.exit(EXIT.interrupted);
      stopping = true;
      drain().then(resolve, reject);
    }
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
