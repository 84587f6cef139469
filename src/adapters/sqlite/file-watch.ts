import type { DatabaseSync } from "node:sqlite";

/** How often the followers of a read-only store look at the file, in milliseconds: nobody tells them of a write. */
export const LOOK_INTERVAL_MS = 100;

/** Tells when another process has written to the file; looks only between start and stop. */
export interface FileWatch {
  start(): void;
  stop(): void;
}

export function createFileWatch(database: DatabaseSync, onChange: () => void): FileWatch {
  const dataVersion = database.prepare("PRAGMA data_version");
  let timer: NodeJS.Timeout | undefined;
  let seen: unknown;

  function look(): void {
    const found = currentVersion();
    if (found === seen) return;
    seen = found;
    onChange();
  }

  function currentVersion(): unknown {
    return dataVersion.get()?.["data_version"];
  }

  return {
    start() {
      if (timer) return;
      seen = currentVersion();
      // Not unref'd: a process that does nothing but follow must stay.
      timer = setInterval(look, LOOK_INTERVAL_MS);
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
