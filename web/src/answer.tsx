import { memo } from "react";
import type { ReactNode } from "react";
import type { AgentMessage, MessagePart, Outcome } from "holdfast/react";
import { JsonBlock } from "./json-block.tsx";
import { Markdown } from "./markdown.tsx";
import { ToolCall } from "./tool-call.tsx";

/** One run's answer, as far as it has come. */
export const Answer = memo(function Answer({
  agent,
  message: { run, parts, outcome },
}: {
  readonly agent: string;
  readonly message: AgentMessage;
}): ReactNode {
  return (
    <article className="answer" aria-label={`${agent}, run ${run}`} data-state={outcome.state}>
      {parts.map((part) => (
        <Part key={`${part.type}:${part.id}`} part={part} />
      ))}
      <Ending outcome={outcome} />
    </article>
  );
});

function Part({ part }: { readonly part: MessagePart }): ReactNode {
  switch (part.type) {
    case "text":
      return <Markdown text={part.text} />;
    case "reasoning":
      return (
        <details className="folded">
          <summary>Reasoning</summary>
          <Markdown text={part.text} />
        </details>
      );
    case "tool-call":
      return <ToolCall part={part} />;
    case "data":
      return (
        <details className="folded">
          <summary>{part.name}</summary>
          <JsonBlock value={part.value} label={part.name} />
        </details>
      );
  }
}

function Ending({ outcome }: { readonly outcome: Outcome }): ReactNode {
  switch (outcome.state) {
    case "streaming":
      return <span className="writing" aria-hidden="true" />;
    case "waiting-for-approval":
    case "completed":
      return null;
    case "failed":
      return <p className="failure">The answer failed: {outcome.problem.message}</p>;
    case "cancelled":
      return <p className="faint">Stopped{outcome.reason === undefined ? "" : `: ${outcome.reason}`}.</p>;
    case "incomplete":
      return <p className="faint">The answer stops short: {outcome.reason}.</p>;
  }
}
