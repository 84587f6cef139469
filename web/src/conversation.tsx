import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { flushSync } from "react-dom";
import { useConversation } from "holdfast/react";
import type { AgentMessage, ConversationMessage } from "holdfast/react";
import { useAnnounce } from "./announcer.tsx";
import { ApprovalCard } from "./approval-card.tsx";
import type { AgentChoice } from "./composer.tsx";
import type { ConversationChange } from "./conversation-list.tsx";
import { ConversationHead } from "./conversation-head.tsx";
import { Dock } from "./dock.tsx";
import { Inspector } from "./inspector.tsx";
import { milestoneOf } from "./milestone.ts";
import { Messages } from "./messages.tsx";
import { navigation } from "./navigation.ts";
import { ProblemNote } from "./problem-note.tsx";
import { createRecordingClient } from "./recording.ts";
import { client as serverClient, plug } from "./server.ts";
import { useKeptFocus } from "./use-kept-focus.ts";
import { useMedia } from "./use-media.ts";
import { useDemonstration } from "./use-demonstration.ts";
import { Welcome } from "./welcome.tsx";

interface ConversationProps {
  readonly agent: string;
  /** The conversation that was opened; undefined: one that begins here. */
  readonly opened: string | undefined;
  /** Who may answer, while that can still be chosen. */
  readonly choice: AgentChoice | undefined;
  readonly onChange: (change: ConversationChange) => void;
}

/** One conversation: what was said, what can be done, and the line that it hangs on. */
export function Conversation({ agent, opened, choice, onChange }: ConversationProps): ReactNode {
  const [{ client, recorder }] = useState(() => createRecordingClient(serverClient));
  const conversation = useConversation({ client, agent, conversationId: opened, watchPage: plug.watchPage });
  const { conversationId, messages, pendingApprovals, problem } = conversation;
  const isPulled = useSyncExternalStore(plug.subscribe, plug.isPulled);
  const answer = latestAnswer(messages);
  const isBusy = isUnderWay(messages);
  const demonstration = useDemonstration(answer);
  const [isInspected, setInspected] = useState(false);
  const inspectButton = useRef<HTMLButtonElement>(null);
  const announce = useAnnounce();
  // On a narrow page the inspector lies over the conversation.
  const isNarrow = useMedia("(max-width: 52rem)");

  useEffect(() => {
    if (opened === undefined && conversationId !== undefined) navigation.name(conversationId);
  }, [opened, conversationId]);

  const title = messages.find(({ role }) => role === "user")?.text;
  // The list goes by what happens to the conversation, not by who listens to it.
  useEffect(() => onChange({ conversationId, title }), [conversationId, messages.length, isBusy, title]);

  const milestone = milestoneOf({ agent, answer, isPulled, pendingApprovals });
  useEffect(() => announce(milestone), [announce, milestone]);

  const isNew = conversationId === undefined && messages.length === 0;
  useKeptFocus(`${isNew} ${isBusy} ${pendingApprovals.length}`);

  function closeInspector(): void {
    // At once: what is covered by the inspector cannot be focused.
    flushSync(() => setInspected(false));
    inspectButton.current?.focus();
  }

  return (
    <div
      className="conversation"
      data-inspected={isInspected || undefined}
      data-pulled={isPulled || undefined}
    >
      <div className="conversation-column" inert={isInspected && isNarrow}>
        {isNew ? (
          <Welcome
            agent={agent}
            onAsk={(message) => void conversation.send(message)}
            onDemonstrate={(message) => {
              demonstration.begin();
              void conversation.send(message);
            }}
          />
        ) : (
          <>
            <ConversationHead
              agent={agent}
              conversationId={conversationId}
              title={title}
              isInspected={isInspected}
              inspectButton={inspectButton}
              onInspect={() => setInspected((shown) => !shown)}
            />
            <Messages
              agent={agent}
              messages={messages}
              isBusy={isBusy}
              onRetry={(id) => void conversation.retry(id)}
            />
            {pendingApprovals.map((approval) => (
              <ApprovalCard
                key={approval.approvalId}
                approval={approval}
                onDecide={(decision) => conversation.approve(approval.approvalId, decision)}
              />
            ))}
          </>
        )}
        {problem && problem.of !== "run" && (
          <ProblemNote problem={problem} onReconnect={() => conversation.reconnect()} />
        )}
        <Dock
          agent={agent}
          choice={isNew ? choice : undefined}
          conversation={conversation}
          answer={answer}
          recorder={recorder}
          isNew={isNew}
          isBusy={isBusy}
          isPulled={isPulled}
          demonstration={demonstration}
        />
      </div>
      {isInspected && conversationId !== undefined && (
        <Inspector conversationId={conversationId} latestRun={answer?.run} onClose={closeInspector} />
      )}
    </div>
  );
}

function latestAnswer(messages: readonly ConversationMessage[]): AgentMessage | undefined {
  return messages.findLast((message) => message.role === "agent");
}

/** Whether an answer is on its way, or will be. */
function isUnderWay(messages: readonly ConversationMessage[]): boolean {
  const last = messages.at(-1);
  if (last?.role === "user") return last.delivery.state !== "not-sent";
  return last?.outcome.state === "streaming" || last?.outcome.state === "waiting-for-approval";
}
