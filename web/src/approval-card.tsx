import { useId, useState } from "react";
import type { ReactNode } from "react";
import type { ApprovalDecision, PendingApproval } from "holdfast/react";
import { JsonBlock } from "./json-block.tsx";

/** A tool call that waits for a person, and the person's answer. */
export function ApprovalCard({
  approval: { tool, input, expiresAt },
  onDecide,
}: {
  readonly approval: PendingApproval;
  /** Resolves to whether the answer was taken. */
  readonly onDecide: (decision: ApprovalDecision) => Promise<boolean>;
}): ReactNode {
  const [reason, setReason] = useState("");
  const [isSent, setSent] = useState(false);
  const heading = useId();

  async function decide(approved: boolean): Promise<void> {
    setSent(true);
    const told = reason.trim();
    const taken = await onDecide({ approved, reason: told === "" ? undefined : told });
    // Refused: the note above says why, and the person may try again.
    if (!taken) setSent(false);
  }

  return (
    <section className="approval" aria-labelledby={heading}>
      <h2 id={heading}>
        May <code>{tool}</code> be called?
      </h2>
      <JsonBlock value={input} label={`Input of ${tool}`} />
      {expiresAt !== undefined && (
        <p className="faint">Without an answer it is denied at {new Date(expiresAt).toLocaleString()}.</p>
      )}
      <label>
        Reason <span className="faint">(optional; the agent is told)</span>
        <input value={reason} maxLength={MAX_REASON} onChange={(event) => setReason(event.target.value)} />
      </label>
      <div className="actions">
        <button type="button" className="primary" disabled={isSent} onClick={() => void decide(true)}>
          Approve
        </button>
        <button type="button" disabled={isSent} onClick={() => void decide(false)}>
          Deny
        </button>
      </div>
    </section>
  );
}

/** As the API takes it. */
const MAX_REASON = 1_000;
