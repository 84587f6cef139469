import type { Reduced } from "../run-projection.ts";
import { unchanged } from "../run-projection.ts";
import type { ResponseState } from "./response-state.ts";

export type Told = Reduced<ResponseState>;

/** A change of what is known of a response, with the frames that tell it. */
export type Change = (state: ResponseState) => Told;

/** One change after the other, with the frames of all. */
export function inTurn(state: ResponseState, ...changes: readonly Change[]): Told {
  return changes.reduce<Told>((told, change) => {
    const next = change(told.state);
    return { state: next.state, frames: [...told.frames, ...next.frames] };
  }, unchanged(state));
}
