import type { ReactNode } from "react";
import type { AgentMessage, Conversation } from "holdfast/react";
import { Composer } from "./composer.tsx";
import type { AgentChoice } from "./composer.tsx";
import { LinePanel } from "./line-panel.tsx";
import type { Recorder } from "./recording.ts";
import { plug } from "./server.ts";
import type { Demonstration } from "./use-demonstration.ts";

interface DockProps {
  readonly agent: string;
  /** Who may answer, while nothing was said. */
  readonly choice: AgentChoice | undefined;
  readonly conversation: Conversation;
  readonly answer: AgentMessage | undefined;
  readonly recorder: Recorder;
  readonly isNew: boolean;
  readonly isBusy: boolean;
  readonly isPulled: boolean;
  readonly demonstration: Demonstration;
}

/** What stays in reach below the messages: the line with its plug, and where one writes. */
export function Dock({
  agent,
  choice,
  conversation,
  answer,
  recorder,
  isNew,
  isBusy,
  isPulled,
  demonstration,
}: DockProps): ReactNode {
  // Whoever does something takes over from the demonstration.
  function togglePlug(): void {
    demonstration.end();
    if (isPulled) plug.putBack();
    else plug.pull();
  }

  function send(message: string): void {
    demonstration.end();
    void conversation.send(message);
  }

  return (
    <div className="dock">
      {!isNew && (
        <LinePanel
          conversation={conversation}
          answer={answer}
          recorder={recorder}
          isPulled={isPulled}
          caption={demonstration.caption}
          onPlug={togglePlug}
        />
      )}
      <Composer
        agent={agent}
        choice={choice}
        isBusy={isBusy}
        onSend={send}
        onStop={() => void conversation.stop()}
      />
    </div>
  );
}
