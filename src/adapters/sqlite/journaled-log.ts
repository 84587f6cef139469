import { gathered } from "./entry-rows.ts";
import type { EntryRow } from "./entry-rows.ts";
import { ROWS_A_CUT } from "./journal.ts";
import type { Journal } from "./journal.ts";
import type { LogTable, SerializedEntries } from "./log-table.ts";

export interface JournalLimits {
  /** How many rows of one conversation wait to be filed; so many are filed together. */
  readonly rowsAConversation: number;
  /** How many rows the journal has: all of them are read when the store is opened. */
  readonly rows: number;
  /** How many characters wait to be filed, in memory as well as in the file. */
  readonly characters: number;
  /** What is appended together and has so many characters is filed at once: there is little to be gained by gathering it. */
  readonly charactersFiledAtOnce: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  rowsAConversation: 128,
  rows: 65_536,
  characters: 16 * 1024 * 1024,
  charactersFiledAtOnce: 1024,
};

/**
 * Rows that have waited while the journal grew by half of what it may are filed with every so many appends, one
 * conversation at a time: thousands whose turn had come together would hold everybody else up.
 */
const APPENDS_A_FILING = 8;
/** How many conversations are tidied up at a time. */
const CONVERSATIONS_A_TIDYING = 4;

/** The log of each conversation, for the one who writes: what runs under way append goes through a journal. */
export interface JournaledLog extends LogTable {
  /** Where the journal's next row comes. */
  readonly journalEnd: number;
  /** Writes entries that follow the newest. With the last of a run, all of it is filed. */
  append(key: number, entries: SerializedEntries, isLast: boolean): void;
  /** Whether something has been in the journal since before a place, or is there in vain. */
  isUntidy(before: number): boolean;
  /** Files some of what has been there for so long, and cuts off what is there in vain. */
  tidy(before: number): void;
}

export function createJournaledLog(
  log: LogTable,
  journal: Journal,
  limits: JournalLimits = JOURNAL_LIMITS,
): JournaledLog {
  function file(key: number, more: readonly EntryRow[] = []): void {
    const rows = gathered([...journal.take(key), ...more]);
    log.write(key, { rows, resets: [] });
  }

  function fileOldest(before: number): boolean {
    const key = journal.oldest(before);
    if (key !== undefined) file(key);
    return key !== undefined;
  }

  /** As much as appends bring has to go, so that none of them has to make room for many. */
  function makeRoom(): void {
    const { begin, end } = journal;
    if (journal.spare >= ROWS_A_CUT) journal.cut();
    if (end - begin > limits.rows) fileOldest(end);
    else if (end % APPENDS_A_FILING === 0) fileOldest(end - limits.rows / 2);
    while (journal.characters > limits.characters) fileOldest(journal.end);
  }

  return {
    ...log,
    get journalEnd() {
      return journal.end;
    },
    append(key, { rows, resets }, isLast) {
      if (resets.length > 0) log.write(key, { rows: [], resets });
      if (isLast || charactersOf(rows) >= limits.charactersFiledAtOnce) {
        file(key, rows);
        return;
      }
      journal.add(key, rows);
      if (journal.of(key).length >= limits.rowsAConversation) file(key);
      makeRoom();
    },
    isUntidy: (before) =>
      journal.begin < before && (journal.spare > 0 || journal.oldest(before) !== undefined),
    tidy(before) {
      for (let left = CONVERSATIONS_A_TIDYING; left > 0 && fileOldest(before); left--);
      if (journal.spare > 0) journal.cut();
    },
  };
}

function charactersOf(rows: readonly EntryRow[]): number {
  let characters = 0;
  for (const { text } of rows) characters += text.length;
  return characters;
}
