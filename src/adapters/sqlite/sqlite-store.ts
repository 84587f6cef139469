import { DEFAULT_RETENTION, SILENT } from "../../ports/index.ts";
import type { ConversationStore, Logger, Retention } from "../../ports/index.ts";
import { openReadOnlyStore } from "./read-only-store.ts";
import { fromSqliteError } from "./sqlite-error.ts";
import type { StoreSettings } from "./store-settings.ts";
import { SWEEP_INTERVAL_MS } from "./sweep.ts";
import { openWritableStore } from "./writable-store.ts";

export interface SqliteStoreOptions extends Partial<Retention> {
  /** Where the store keeps its files, `holdfast.db` and those beside it. Made, for its owner alone, unless it is there. */
  readonly directory: string;
  /**
   * Opens beside a server's store, or while none runs, to look only: every write is refused, and followers look at the
   * file ten times a second. When a run under way was last touched may be seen some seconds late. Retention must be the
   * server's own. Default false.
   */
  readonly readOnly?: boolean;
  /** How large `holdfast.db` may become, in bytes; past it writes are refused until something goes. Default: no limit. */
  readonly maxFileBytes?: number;
  /** How often what has expired is dropped from the file, in milliseconds. Default 10 seconds. */
  readonly sweepIntervalMs?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** Told when something goes wrong that no caller waits for. Default: nobody. */
  readonly logger?: Logger;
}

/**
 * The store for one server process: one file on a local disk, every write fsynced before its promise resolves, writes of
 * one turn of the event loop sharing an fsync. Holds the directory's lock until it is closed or the process dies.
 *
 * Throws `store_locked` when another store has the directory, `store_unavailable` when the file cannot be used. Not
 * promised: that it works on a network file system.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<ConversationStore> {
  const settings: StoreSettings = {
    directory: options.directory,
    retention: {
      streamTtlMs: options.streamTtlMs ?? DEFAULT_RETENTION.streamTtlMs,
      historyTtlMs: options.historyTtlMs ?? DEFAULT_RETENTION.historyTtlMs,
    },
    now: options.now ?? Date.now,
    logger: options.logger ?? SILENT,
    sweepIntervalMs: options.sweepIntervalMs ?? SWEEP_INTERVAL_MS,
    maxFileBytes: options.maxFileBytes,
  };
  try {
    return options.readOnly === true ? openReadOnlyStore(settings) : openWritableStore(settings);
  } catch (error) {
    throw fromSqliteError(error);
  }
}
