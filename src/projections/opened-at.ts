import { compareCursors, cursorOf } from "../core/index.ts";
import type { Cursor } from "../core/index.ts";
import { unchanged } from "./run-projection.ts";
import type { Frame, RunProjection } from "./run-projection.ts";

/** A projection that can tell in a few frames how a run stands, to a client that its protocol gives no other way back. */
export interface OpenableProjection<State> extends RunProjection<State> {
  /** What leads a client that knows nothing, or anything, to this state: the frames that follow go on from it. */
  readonly opening: (state: State) => readonly Frame[];
  /** Whether nothing but a person's answer can bring the run on. */
  readonly isParked: (state: State) => boolean;
}

/** Where in a run a stream begins. */
export interface OpeningPlace {
  /** The newest entry that the opening tells of; undefined: the stream begins before there is any. */
  readonly at: Cursor | undefined;
  /** A person has just answered: begin where the run goes on, not where it waited. */
  readonly resumed: boolean;
}

/** The state of the projection, and whether its reader has been told of it. */
export interface Opened<State> {
  readonly inner: State;
  readonly isOpen: boolean;
}

/**
 * The same projection from a place in the middle: silent up to it, then an opening, then as ever. The place is part of the
 * stream's address, so that indexes mean the same whenever it is resumed.
 */
export function openedAt<State>(
  projection: OpenableProjection<State>,
  { at, resumed }: OpeningPlace,
): RunProjection<Opened<State>> {
  return {
    name: projection.name,
    start(run) {
      const { state, frames } = projection.start(run);
      const isOpen = at === undefined;
      return { state: { inner: state, isOpen }, frames: isOpen ? frames : [] };
    },
    reduce(state, event) {
      const { state: inner, frames } = projection.reduce(state.inner, event);
      if (state.isOpen) return { state: { inner, isOpen: true }, frames };
      const isThere = at !== undefined && compareCursors(cursorOf(event), at) >= 0;
      if (!isThere || (resumed && projection.isParked(inner))) return unchanged({ inner, isOpen: false });
      return { state: { inner, isOpen: true }, frames: projection.opening(inner) };
    },
  };
}
