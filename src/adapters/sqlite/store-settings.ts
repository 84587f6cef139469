import type { Logger, Retention } from "../../ports/index.ts";

/** The options of a store with nothing left open. */
export interface StoreSettings {
  readonly directory: string;
  readonly retention: Retention;
  readonly now: () => number;
  readonly logger: Logger;
  readonly sweepIntervalMs: number;
  readonly maxFileBytes: number | undefined;
}
