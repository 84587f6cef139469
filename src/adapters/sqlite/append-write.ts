import { cursorOf, entriesToWrite, fenced } from "../../core/index.ts";
import type { ConversationId, LogEvent } from "../../core/index.ts";
import type { AppendListener, AppendOptions } from "../../ports/index.ts";
import type { FoundRow } from "./conversation-rows.ts";
import { visible } from "./expiry.ts";
import { refusalFrom } from "./group-writer.ts";
import type { GroupedWrite } from "./group-writer.ts";
import { serialize } from "./log-table.ts";
import type { WriteTarget } from "./write-plans.ts";

export interface AppendRequest {
  readonly id: ConversationId;
  readonly events: readonly LogEvent[];
  readonly options: AppendOptions;
  readonly listener: AppendListener;
}

/** One append. There is one for every chunk of every answer: one object and no closures. */
export class AppendWrite implements GroupedWrite {
  readonly #target: WriteTarget;
  readonly #id: ConversationId;
  readonly #events: readonly LogEvent[];
  readonly #options: AppendOptions;
  readonly #listener: AppendListener;
  /** What it wrote: not what was there already. */
  #fresh: readonly LogEvent[] = NOTHING;
  #row: FoundRow | undefined;
  #refusal: unknown;

  constructor(target: WriteTarget, { id, events, options, listener }: AppendRequest) {
    this.#target = target;
    this.#id = id;
    this.#events = events;
    this.#options = options;
    this.#listener = listener;
  }

  stage(): void {
    this.#row = undefined;
    this.#refusal = undefined;
    const { conversations, log } = this.#target.tables;
    const updatedAt = this.#target.now();
    const { record, takes = NO_ITEMS } = this.#options;
    let row, fresh, entries, recordText;
    try {
      const found = conversations.find(this.#id, this.#listener.found);
      if (found !== this.#listener.found) this.#listener.found = found;
      row = visible(found, this.#target.retention, updatedAt);
      if (!row) throw fenced();
      fresh = entriesToWrite(row, this.#events);
      entries = serialize(fresh);
      recordText = record && JSON.stringify(record);
    } catch (error) {
      this.#refusal = refusalFrom(error);
      return;
    }
    const last = fresh.at(-1);
    if (last === undefined) return;
    this.#fresh = fresh;
    this.#row = row;
    const tip = cursorOf(last);
    log.append(row, entries, record !== undefined);
    if (!record && takes.length === 0) {
      conversations.touch(row, tip, updatedAt);
      return;
    }
    const { inbox, history } = this.#target.tables;
    const waiting = row.waiting - inbox.take(row.key, takes);
    if (record && recordText !== undefined) history.add(row.key, record.run, recordText);
    conversations.update({ ...row, tip, updatedAt, waiting, settled: record ? tip : row.settled });
  }

  committed(): void {
    if (!this.#row) return;
    this.#row.topic = this.#target.hub.publish(this.#id, this.#fresh, this.#row.topic);
  }

  settle(): void {
    if (this.#refusal === undefined) this.#listener.appended();
    else this.#listener.refused(this.#refusal);
  }

  reject(error: unknown): void {
    this.#listener.refused(error);
  }
}

const NOTHING: readonly LogEvent[] = [];
const NO_ITEMS: readonly number[] = [];
