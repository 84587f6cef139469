import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { AgentMessage, Outcome } from "holdfast/react";
import { retrying } from "./retrying.ts";
import { client } from "./server.ts";

/** Whether the text on this page is, character by character, the answer that the server has stored. */
export function Exactness({
  conversationId,
  answer,
}: {
  readonly conversationId: string | undefined;
  readonly answer: AgentMessage | undefined;
}): ReactNode {
  const isEnded = answer !== undefined && ENDED[answer.outcome.state];
  const stored = useStoredAnswer(conversationId, isEnded ? answer.run : undefined);
  if (!isEnded) return <span className="faint">checked at the end</span>;
  if (stored === undefined) return <span className="faint">checking…</span>;
  const count = answer.text.length.toLocaleString();
  if (stored === answer.text) return <span className="exact">identical, {count} characters</span>;
  return (
    <span className="inexact">
      differs: {count} here, {stored.length.toLocaleString()} stored
    </span>
  );
}

const ENDED: Record<Outcome["state"], boolean> = {
  streaming: false,
  "waiting-for-approval": false,
  completed: true,
  failed: true,
  cancelled: true,
  incomplete: true,
};

/** The answer as the history has it, read from there; undefined until it was. */
function useStoredAnswer(conversationId: string | undefined, run: number | undefined): string | undefined {
  const [stored, setStored] = useState<{ readonly run: number; readonly text: string }>();
  useEffect(() => {
    if (conversationId === undefined || run === undefined) return undefined;
    return retrying(async (signal) => {
      const { runs } = await client.history(conversationId, { from: run, limit: 1, signal });
      const [record] = runs;
      if (record?.run !== run) throw new Error(`The history does not have run ${run} yet.`);
      setStored({ run, text: record.response });
    });
  }, [conversationId, run]);
  return stored?.run === run ? stored?.text : undefined;
}
