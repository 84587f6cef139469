import { parseCursor } from "../../core/index.ts";
import type { Cursor } from "../../core/index.ts";

/**
 * What the field `tip` of a conversation's hash says: `<tip> <holder> <time of the last write>`, and ` ended` behind it
 * once the run has ended. One field, since the append script reads and writes it with every batch; what the writer
 * expects there need not even be parsed.
 */
export interface RedisTip {
  /** The cursor of the newest entry. */
  readonly tip: Cursor;
  readonly writtenAt: number;
}

export function tipFromValue(value: string): RedisTip {
  const [tip = "", _holder, writtenAt] = value.split(" ");
  return { tip: parseCursor(tip), writtenAt: Number(writtenAt) };
}

/** Stands for the name of a holder that this process does not know. */
export const UNKNOWN_HOLDER = "-";
