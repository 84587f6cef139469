import type { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";

/**
 * The schema, a step a version: the n-th statement list takes a file from version n - 1 to n. Never edit one that was
 * released; add the next.
 *
 * A conversation's rows carry its integer key, not its id, to stay small. `live` says whether a run is under way or
 * waiting; the partial indexes hold just the conversations that a sweep looks for, so that they stay small too.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE conversations (
    key        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    agent      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    runs       INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    tip        TEXT    NOT NULL,
    base       TEXT    NOT NULL,
    settled    TEXT    NOT NULL,
    next_item  INTEGER NOT NULL,
    waiting    INTEGER NOT NULL,
    live       INTEGER NOT NULL GENERATED ALWAYS AS (waiting > 0 OR tip <> settled) VIRTUAL
  ) STRICT;
  CREATE INDEX conversations_by_time ON conversations (updated_at DESC, id);
  CREATE INDEX conversations_by_agent ON conversations (agent, updated_at DESC, id);
  CREATE INDEX conversations_live ON conversations (updated_at) WHERE live = 1;
  CREATE INDEX conversations_with_stream ON conversations (updated_at) WHERE live = 0 AND base <> tip;

  CREATE TABLE entries (
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    attempt      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    event        TEXT    NOT NULL,
    PRIMARY KEY (conversation, attempt, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE voided (
    conversation  INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    reset_attempt INTEGER NOT NULL,
    reset_seq     INTEGER NOT NULL,
    start         TEXT    NOT NULL,
    PRIMARY KEY (conversation, reset_attempt, reset_seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    item         INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    content      TEXT    NOT NULL,
    PRIMARY KEY (conversation, item)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE records (
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    run          INTEGER NOT NULL,
    record       TEXT    NOT NULL,
    PRIMARY KEY (conversation, run)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE answers (
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    request_key  TEXT    NOT NULL,
    run          INTEGER NOT NULL,
    run_id       TEXT    NOT NULL,
    fingerprint  TEXT,
    until        INTEGER NOT NULL,
    PRIMARY KEY (conversation, request_key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_by_end ON answers (until);

  CREATE TABLE pings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
  ) STRICT;
  INSERT INTO pings VALUES (1, 0);
  `,
  // Entries of a thousand conversations lay on a thousand pages, each of which a commit had to write: now they lie in the
  // order in which they came, found by a narrow index. From here on a row's tip may be older than its newest entry.
  `
  CREATE TABLE entries_as_they_came (
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    attempt      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    event        TEXT    NOT NULL,
    PRIMARY KEY (conversation, attempt, seq)
  ) STRICT;
  INSERT INTO entries_as_they_came SELECT * FROM entries ORDER BY conversation, attempt, seq;
  DROP TABLE entries;
  ALTER TABLE entries_as_they_came RENAME TO entries;
  `,
  // From here on a row may hold several entries that follow each other; its `seq` is that of the last of them.
  "-- What is there stays as it is.",
  // What runs under way append lies here first, in the order in which it comes: an index would have a page for each of them.
  `
  CREATE TABLE journal (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    event        TEXT    NOT NULL
  ) STRICT;
  `,
  // Rows of one entry each were most of what a commit wrote: from here on a row has what a commit appended, of whatever
  // conversations. What was in the journal and nowhere else goes to its place.
  `
  INSERT INTO entries
    SELECT unfiled.conversation, unfiled.attempt, unfiled.seq, unfiled.event
    FROM journal AS unfiled JOIN conversations ON conversations.key = unfiled.conversation
    WHERE (unfiled.attempt, unfiled.seq) > (
        CAST(substr(settled, 1, instr(settled, '-') - 1) AS INTEGER),
        CAST(substr(settled, instr(settled, '-') + 1) AS INTEGER))
      AND NOT EXISTS (
        SELECT 1 FROM entries AS filed WHERE filed.conversation = unfiled.conversation
          AND (filed.attempt, filed.seq) >= (unfiled.attempt, unfiled.seq))
    ORDER BY unfiled.id;
  DROP TABLE journal;
  CREATE TABLE journal (
    id          INTEGER PRIMARY KEY,
    highest_key INTEGER NOT NULL,
    entries     TEXT    NOT NULL
  ) STRICT;
  `,
];

/** Brings a file to the newest version, each step in a transaction of its own. Refuses a file of a newer version. */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const found = fileVersion(database);
  if (found > migrations.length) throw fromNewerVersion(found, migrations.length);
  for (const [index, statements] of migrations.entries()) {
    const version = index + 1;
    if (version <= found) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(statements);
      database.exec(`PRAGMA user_version = ${version}`);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Refuses a file that this version cannot read as it is; somebody who only reads does not migrate. */
export function requireCurrent(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const found = fileVersion(database);
  if (found > migrations.length) throw fromNewerVersion(found, migrations.length);
  if (found < migrations.length) {
    throw new AgentError(
      "store_unavailable",
      `The store's file is of version ${found}; this Holdfast reads version ${migrations.length}. Start the server once to bring it up to date.`,
      { retryable: false },
    );
  }
}

/** How many steps a file has been through; a new one none. */
export function fileVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function fromNewerVersion(found: number, known: number): AgentError {
  return new AgentError(
    "store_unavailable",
    `The store's file is of version ${found}, written by a newer Holdfast; this one knows versions up to ${known}. Use the newer Holdfast, or another directory.`,
    { retryable: false },
  );
}
