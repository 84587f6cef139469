import { useState } from "react";
import type { MouseEvent, ReactNode, RefObject } from "react";
import { addressOf, navigation } from "./navigation.ts";
import { client } from "./server.ts";

interface ConversationHeadProps {
  readonly agent: string;
  readonly conversationId: string | undefined;
  /** What it began with. */
  readonly title: string | undefined;
  readonly isInspected: boolean;
  readonly inspectButton: RefObject<HTMLButtonElement | null>;
  readonly onInspect: () => void;
}

/** What the conversation is, and what can be done with it as a whole. */
export function ConversationHead({
  agent,
  conversationId,
  title,
  isInspected,
  inspectButton,
  onInspect,
}: ConversationHeadProps): ReactNode {
  return (
    <header className="conversation-head">
      <a className="back" href="#/">
        All conversations
      </a>
      <h1>{title ?? `Conversation with ${agent}`}</h1>
      {conversationId !== undefined && (
        <div className="actions">
          <a
            className="quiet"
            href={addressOf(conversationId)}
            target="_blank"
            rel="noopener"
            onClick={openBeside}
          >
            Open in a second window
          </a>
          <button
            type="button"
            className="quiet"
            ref={inspectButton}
            aria-expanded={isInspected}
            onClick={onInspect}
          >
            Inspect
          </button>
          <DeleteButton conversationId={conversationId} />
        </div>
      )}
    </header>
  );
}

/** A window beside this one shows best that both read the same; where the browser wants a tab, it makes one. */
function openBeside(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const width = Math.min(760, screen.availWidth);
  window.open(
    event.currentTarget.href,
    "_blank",
    `noopener,popup,width=${width},height=${screen.availHeight}`,
  );
}

function DeleteButton({ conversationId }: { readonly conversationId: string }): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const [hasFailed, setFailed] = useState(false);

  async function remove(): Promise<void> {
    try {
      await client.delete(conversationId);
      navigation.begin();
    } catch {
      setFailed(true); // Said below, with the same button to try again.
    }
  }

  if (!isAsked) {
    return (
      <button type="button" className="quiet" onClick={() => setAsked(true)}>
        Delete
      </button>
    );
  }
  return (
    <span className="confirm" role="group" aria-label="Delete this conversation?">
      <button type="button" className="quiet danger" autoFocus onClick={() => void remove()}>
        {hasFailed ? "It could not be deleted. Try again" : "Delete for good"}
      </button>
      <button type="button" className="quiet" onClick={() => setAsked(false)}>
        Keep
      </button>
    </span>
  );
}
