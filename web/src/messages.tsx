import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { ConversationMessage, UserMessage } from "holdfast/react";
import { Answer } from "./answer.tsx";

interface MessagesProps {
  readonly agent: string;
  readonly messages: readonly ConversationMessage[];
  readonly isBusy: boolean;
  readonly onRetry: (messageId: string) => void;
}

/** How near to its end counts as reading along, in pixels. */
const NEAR_END = 80;

/** Everything said. It stays at its end while it grows, for as long as its reader is there. */
export function Messages({ agent, messages, isBusy, onRetry }: MessagesProps): ReactNode {
  const region = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);

  function toEnd(): void {
    region.current?.scrollTo({ top: region.current.scrollHeight });
  }

  useEffect(() => {
    if (isAtEnd) toEnd();
  }, [messages, isAtEnd]);

  // A page that becomes narrower makes the text longer; its end stays in sight.
  useEffect(() => {
    const { current } = region;
    if (!current || !isAtEnd) return undefined;
    const observer = new ResizeObserver(() => current.scrollTo({ top: current.scrollHeight }));
    observer.observe(current);
    return () => observer.disconnect();
  }, [isAtEnd]);

  return (
    <div className="messages-frame">
      <section
        className="messages"
        aria-label="Messages"
        tabIndex={0}
        ref={region}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_END)
        }
      >
        {messages.map((message) =>
          message.role === "user" ? (
            <Question key={message.id} message={message} onRetry={onRetry} />
          ) : (
            <Answer key={message.id} agent={agent} message={message} />
          ),
        )}
      </section>
      {!isAtEnd && (
        <button type="button" className="to-end" onClick={toEnd}>
          {isBusy ? "To where it is written" : "To the end"}
        </button>
      )}
    </div>
  );
}

function Question({
  message: { id, text, delivery },
  onRetry,
}: {
  readonly message: UserMessage;
  readonly onRetry: (messageId: string) => void;
}): ReactNode {
  return (
    <article className="question" aria-label="You">
      <p className="text">{text}</p>
      {delivery.state === "sending" && <p className="faint">On its way…</p>}
      {delivery.state === "not-sent" && (
        <p className="failure">
          Not sent: {delivery.problem.message}{" "}
          <button type="button" className="quiet" onClick={() => onRetry(id)}>
            Send again
          </button>
        </p>
      )}
    </article>
  );
}
