import { gathered, isChunk } from "./entry-rows.ts";
import type { Entry } from "./entry-rows.ts";
import { CHARACTERS_A_CUT } from "./journal.ts";
import type { Journal, Unfiled } from "./journal.ts";
import type { LogTable, SerializedEntries } from "./log-table.ts";

export interface JournalLimits {
  /** How many entries of one conversation wait to be filed; so many are filed together. */
  readonly entriesAConversation: number;
  /** How many characters the journal has that are needed: all of it is read when the store is opened. */
  readonly characters: number;
  /** What is appended together and has so many characters is filed at once: there is little to be gained by gathering it. */
  readonly charactersFiledAtOnce: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  entriesAConversation: 128,
  characters: 8 * 1024 * 1024,
  charactersFiledAtOnce: 1024,
};

/**
 * Entries that have waited while the journal grew by half of what it may are filed with every so many appends, one
 * conversation at a time: thousands whose turn had come together would hold everybody else up.
 */
const APPENDS_A_FILING = 8;
/** How many conversations are tidied up at a time. */
const CONVERSATIONS_A_TIDYING = 4;

/** A conversation, and where the journal has what is not filed of it: kept for the next append. */
export interface Appendable {
  readonly key: number;
  unfiled?: Unfiled | undefined;
}

/** The log of each conversation, for the one who writes: what runs under way append goes through a journal. */
export interface JournaledLog extends LogTable {
  /** Where the journal's next row comes. */
  readonly journalEnd: number;
  /** Writes entries that follow the newest. With the last of a run, all of it is filed. */
  append(conversation: Appendable, entries: SerializedEntries, isLast: boolean): void;
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
  let appends = 0;

  function file(key: number, more: readonly Entry[] = []): void {
    const entries = gathered([...journal.take(key), ...more]);
    log.write(key, { entries, resets: [] });
  }

  function fileOldest(before: number): boolean {
    const key = journal.oldest(before);
    if (key !== undefined) file(key);
    return key !== undefined;
  }

  /** As much as appends bring has to go, so that none of them has to make room for many. */
  function makeRoom(): void {
    const { end } = journal;
    appends += 1;
    if (appends % APPENDS_A_FILING === 0) fileOldest(end - limits.characters / 2);
    while (end - journal.begin - journal.spare > limits.characters && fileOldest(end));
    if (journal.spare >= CHARACTERS_A_CUT) journal.cut();
  }

  return {
    ...log,
    get journalEnd() {
      return journal.end;
    },
    append(conversation, { entries, resets }, isLast) {
      const { key } = conversation;
      if (resets.length > 0) log.write(key, { entries: [], resets });
      if (isLast || charactersOf(entries) >= limits.charactersFiledAtOnce) {
        file(key, entries);
        return;
      }
      conversation.unfiled = journal.add(key, entries, conversation.unfiled);
      if (conversation.unfiled.tail.count >= limits.entriesAConversation) file(key);
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

function charactersOf(entries: readonly Entry[]): number {
  let characters = 0;
  for (const entry of entries) characters += isChunk(entry) ? entry.delta.length : entry.text.length;
  return characters;
}
