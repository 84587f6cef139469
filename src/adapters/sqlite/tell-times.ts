import type { Logger } from "../../ports/index.ts";
import type { ConversationRows } from "./conversation-rows.ts";
import type { GroupWriter } from "./group-writer.ts";

/** How many times one write puts into the file, so that other writers hardly notice. */
const TIMES_A_WRITE = 64;

export interface TellTimesOptions {
  readonly conversations: ConversationRows;
  readonly writer: GroupWriter;
  readonly logger: Logger;
}

/**
 * Puts into the file when each conversation was last touched, for whoever is about to sort by it. A file that cannot be
 * written can still be listed, by the times that it has.
 */
export async function tellTimes(options: TellTimesOptions): Promise<void> {
  const ids = options.conversations.untold();
  const writes: Promise<void>[] = [];
  for (let from = 0; from < ids.length; from += TIMES_A_WRITE) {
    const some = ids.slice(from, from + TIMES_A_WRITE);
    writes.push(tell(options, () => some));
  }
  await Promise.all(writes);
}

/** The same for all that were touched by the writes before this one, as the last of all. */
export function tellLastTimes(options: TellTimesOptions): Promise<void> {
  return tell(options, () => options.conversations.untold());
}

async function tell(
  { conversations, writer, logger }: TellTimesOptions,
  idsOf: ConversationRows["untold"],
): Promise<void> {
  const apply = (): void => idsOf().forEach((id) => conversations.tell(id));
  try {
    await writer.write(() => ({ value: undefined, apply }));
  } catch (error) {
    logger.warn({ error }, "could not write when conversations were last touched; the file has older times");
  }
}
