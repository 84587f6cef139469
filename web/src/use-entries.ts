import { useEffect, useState } from "react";
import { ClientError } from "holdfast/client";
import { client, plug } from "./server.ts";
import type { TimelineEntry } from "./run-timeline.ts";

/** The entries of a run's log, while it is looked at. */
export interface Entries {
  readonly entries: readonly TimelineEntry[];
  /** Why there are none, or no more. */
  readonly refusal: string | undefined;
}

const NONE: Entries = { entries: [], refusal: undefined };

/** Follows one run's whole log: on a connection of its own, as any other reader would. */
export function useEntries(conversationId: string, run: number | undefined): Entries {
  const [read, setRead] = useState(NONE);
  useEffect(() => {
    if (run === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let entries: readonly TimelineEntry[] = [];
    let fresh: TimelineEntry[] = [];
    let frame: number | undefined;

    function show(): void {
      frame = undefined;
      entries = [...entries, ...fresh];
      fresh = [];
      if (!signal.aborted) setRead({ entries, refusal: undefined });
    }

    setRead(NONE);
    const following = client.follow(conversationId, {
      run,
      signal,
      watchPage: plug.watchPage,
      onUpdate({ event, cursor }) {
        fresh.push({ event, cursor });
        frame ??= requestAnimationFrame(show);
      },
    });
    following.finished().catch((error: unknown) => {
      if (!signal.aborted) setRead({ entries: [...entries, ...fresh], refusal: refusalOf(error) });
    });
    return () => {
      leaving.abort();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [conversationId, run]);
  return read;
}

function refusalOf(error: unknown): string {
  if (error instanceof ClientError && error.code === "stream_expired") {
    return "The entries of this run have expired; its answer is kept in the history.";
  }
  return error instanceof Error ? error.message : String(error);
}
