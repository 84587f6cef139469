import type { ReactNode } from "react";
import type { ToolCallPart, ToolCallState } from "holdfast/react";
import { JsonBlock } from "./json-block.tsx";

const STATES: Record<ToolCallState["state"], string> = {
  "writing-input": "being called",
  ready: "about to be called",
  "waiting-for-approval": "waits for you",
  running: "running",
  succeeded: "done",
  failed: "failed",
  abandoned: "not finished",
};

const FAILURES: Record<Extract<ToolCallState, { state: "failed" }>["reason"], string> = {
  failed: "failed",
  denied: "denied",
  interrupted: "interrupted, outcome unknown",
  "timed-out": "timed out",
  "unknown-tool": "there is no such tool",
  "invalid-input": "refused: its input does not fit",
};

/** A call of a tool, folded: its name and how it went; what went in and came out when it is opened. */
export function ToolCall({ part: { tool, call } }: { readonly part: ToolCallPart }): ReactNode {
  const state = call.state === "failed" ? FAILURES[call.reason] : STATES[call.state];
  return (
    <details className="folded tool-call" data-state={call.state}>
      <summary>
        <code>{tool}</code> <span className="state">{state}</span>
      </summary>
      <JsonBlock
        value={call.state === "writing-input" ? call.inputText : call.input}
        label={`Input of ${tool}`}
      />
      {call.state === "succeeded" && (
        <JsonBlock
          value={"value" in call.output ? call.output.value : call.output}
          label={`Output of ${tool}`}
        />
      )}
      {call.state === "failed" && <p className="failure">{call.message}</p>}
    </details>
  );
}
