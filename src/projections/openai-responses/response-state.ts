import { NO_USAGE } from "../../core/index.ts";
import type { JsonObject, Usage } from "../../core/index.ts";
import type { DescribedRun } from "../run-projection.ts";
import type { Item, ItemStatus } from "./items.ts";
import { BEGINNING } from "./progress.ts";
import type { Progress } from "./progress.ts";

/** What is known of a response after some entries of its run. */
export interface ResponseState extends Progress {
  readonly run: DescribedRun;
  /** Which of the run's responses is told, from 1. */
  readonly part: number;
  readonly status: ResponseStatus;
  /** Items of finished steps. */
  readonly done: readonly DoneItem[];
  /** Items of the step that is under way: what was said may yet be withdrawn. */
  readonly open: readonly OpenItem[];
  readonly nextIndex: number;
  readonly usage: Usage;
  readonly error: JsonObject | null;
  /** Why it stopped short. */
  readonly reason: string | undefined;
  /** In milliseconds since 1970. */
  readonly endedAt: number | undefined;
}

export type ResponseStatus = "queued" | "in_progress" | "completed" | "failed" | "incomplete" | "cancelled";

export interface PlacedItem {
  readonly index: number;
  readonly item: Item;
}

export interface DoneItem extends PlacedItem {
  /** Incomplete: the run ended in the middle of it. */
  readonly status: Exclude<ItemStatus, "in_progress">;
}

export interface OpenItem extends PlacedItem {
  /** What the entries call it. */
  readonly key: string;
  /** Whether all of it was said; its step may still have to begin again. */
  readonly isWhole: boolean;
}

export function queuedResponse(run: DescribedRun, part: number): ResponseState {
  return {
    ...BEGINNING,
    run,
    part,
    status: "queued",
    done: [],
    open: [],
    nextIndex: 0,
    usage: NO_USAGE,
    error: null,
    reason: undefined,
    endedAt: undefined,
  };
}

/** Whether nothing will be added to it any more. */
export function isOver({ status }: ResponseState): boolean {
  return status !== "queued" && status !== "in_progress";
}

/** Whether there is such a response, or will be once the answer that begins it has been heard. */
export function isToBe({ part, at, isParked }: ResponseState): boolean {
  return part <= at || (part === at + 1 && isParked);
}
