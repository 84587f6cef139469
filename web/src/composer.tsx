import { useState } from "react";
import type { FormEvent, KeyboardEvent, ReactNode } from "react";
import type { AgentFacts } from "./server.ts";

/** Who may answer, and how one is chosen. */
export interface AgentChoice {
  readonly agents: readonly AgentFacts[];
  readonly choose: (agent: string) => void;
}

interface ComposerProps {
  readonly agent: string;
  readonly choice: AgentChoice | undefined;
  /** An answer is on its way. */
  readonly isBusy: boolean;
  readonly onSend: (message: string) => void;
  readonly onStop: () => void;
}

/** Where a message is written. It can be sent at any time: what comes during an answer waits its turn. */
export function Composer({ agent, choice, isBusy, onSend, onStop }: ComposerProps): ReactNode {
  const [message, setMessage] = useState("");
  const isEmpty = message.trim() === "";

  function send(event: FormEvent | KeyboardEvent): void {
    event.preventDefault();
    if (isEmpty) return;
    onSend(message);
    setMessage("");
  }

  return (
    <form className="composer" onSubmit={send}>
      <label className="visually-hidden" htmlFor="message">
        Message to {agent}
      </label>
      <textarea
        id="message"
        rows={1}
        value={message}
        placeholder={`Ask ${agent}`}
        onChange={(event) => setMessage(event.target.value)}
        onKeyDown={(event) => {
          // While a word is being composed, Enter belongs to the input method.
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
        }}
      />
      {choice && choice.agents.length > 1 && <AgentSelect agent={agent} choice={choice} />}
      {isBusy && (
        <button type="button" className="stop" onClick={onStop}>
          Stop
        </button>
      )}
      <button type="submit" className="primary" aria-disabled={isEmpty}>
        Send
      </button>
    </form>
  );
}

function AgentSelect({ agent, choice }: { readonly agent: string; readonly choice: AgentChoice }): ReactNode {
  return (
    <label className="agent-select">
      <span className="visually-hidden">Agent</span>
      <select value={agent} onChange={(event) => choice.choose(event.target.value)}>
        {choice.agents.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
