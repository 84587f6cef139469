import type { ConversationSnapshot } from "holdfast/react";
import { caughtUp, storedBefore } from "./curves.ts";
import type { Recording } from "./recording.ts";

/** How the line stands, in a sentence. */
export function captionOf({
  conversation: { status, cursor, messages },
  isPulled,
  recording,
}: {
  readonly conversation: ConversationSnapshot;
  readonly isPulled: boolean;
  readonly recording: Recording | undefined;
}): string {
  if (isPulled) {
    const after = cursor === undefined ? "" : ` after ${cursor}`;
    return `Unplugged${after}. The agent goes on, and what it writes is stored.`;
  }
  switch (status) {
    case "idle":
    case "connecting":
      return "Connecting…";
    case "live":
      return returnOf(recording) ?? "Live: each entry arrives as soon as it is stored.";
    case "recovering":
      return "The server cannot be reached; the connection is being made again.";
    case "waiting-for-approval":
      return "The run waits for a person. It can wait for days.";
    case "done":
      return (
        returnOf(recording) ?? (messages.length === 0 ? "Nothing was said yet." : "All there is was read.")
      );
    case "failed":
      return "The answer failed.";
    case "disconnected":
      return "Disconnected.";
  }
}

/** How this page came to what it shows, where that was not all along. */
function returnOf(recording: Recording | undefined): string | undefined {
  if (recording?.isRewritten) {
    return "The agent was lost in the middle of a step: what it had half written was withdrawn, and written again.";
  }
  const cut = recording?.cuts.at(-1);
  const characters = recording && caughtUp(recording);
  if (!cut || characters === undefined) return recording && beginningOf(recording);
  const missed =
    characters === 0
      ? "nothing had been missed"
      : `${characters.toLocaleString()} characters stored meanwhile came at once`;
  return `Went on after ${cut.cursor}: ${missed}.`;
}

/** What was there already when this page came, if it came in the middle. */
function beginningOf(recording: Recording): string | undefined {
  const characters = storedBefore(recording);
  if (characters === 0) return undefined;
  return `Came in the middle: ${characters.toLocaleString()} characters stored before came at once.`;
}
