import type { ReactNode } from "react";
import type { ConversationProblem } from "holdfast/react";

const TITLES: Record<Exclude<ConversationProblem["of"], "run">, string> = {
  action: "That was refused",
  following: "Reading on was given up",
};

/** What went wrong with the conversation itself; that an answer failed shows with the answer. */
export function ProblemNote({
  problem,
  onReconnect,
}: {
  readonly problem: ConversationProblem;
  readonly onReconnect: () => void;
}): ReactNode {
  if (problem.of === "run") return null;
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{TITLES[problem.of]}.</strong> {problem.message}
      </p>
      {problem.of === "following" && (
        <button type="button" className="quiet" onClick={onReconnect}>
          Try again
        </button>
      )}
    </div>
  );
}
