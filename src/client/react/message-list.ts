import type { AgentMessage, ConversationMessage, UserMessage } from "./conversation-message.ts";
import { likelyRuns } from "./outbox.ts";
import type { Outbox, OutboxMessage } from "./outbox.ts";
import type { RunView } from "./run-view.ts";
import type { Transcript } from "./transcript.ts";

/** What the messages are made of. */
export interface MessageSources {
  readonly transcript: Transcript;
  readonly outbox: Outbox;
  /** The keys of the messages that were sent from here, by their run: they keep their name in the list. */
  readonly sentFromHere: ReadonlyMap<number, string>;
}

/** Lists messages; those that did not change since are the same objects, so that what shows them can skip them. */
export type MessageList = (sources: MessageSources) => readonly ConversationMessage[];

export function createMessageList(): MessageList {
  const ofRuns = new WeakMap<RunView, readonly [UserMessage, AgentMessage]>();
  const ofOutbox = new WeakMap<OutboxMessage, UserMessage>();

  function messagesOfRun(view: RunView, id: string): readonly [UserMessage, AgentMessage] {
    const before = ofRuns.get(view);
    if (before?.[0].id === id) return before;
    const messages = [questionOf(view, id), answerOf(view)] as const;
    ofRuns.set(view, messages);
    return messages;
  }

  function messageInOutbox(waiting: OutboxMessage): UserMessage {
    const { key: id, text, delivery } = waiting;
    const message = ofOutbox.get(waiting) ?? { role: "user", id, text, delivery };
    ofOutbox.set(waiting, message);
    return message;
  }

  return ({ transcript, outbox, sentFromHere }) => {
    const likely = likelyRuns(outbox, transcript, sentFromHere);
    const seen = new Set(likely.values());
    const said = transcript.runs.flatMap((view) => {
      const id = sentFromHere.get(view.run) ?? likely.get(view.run) ?? `user-${view.run}`;
      return messagesOfRun(view, id);
    });
    return [...said, ...outbox.filter(({ key }) => !seen.has(key)).map(messageInOutbox)];
  };
}

function questionOf({ run, input }: RunView, id: string): UserMessage {
  return { role: "user", id, text: input, delivery: { state: "stored", run } };
}

function answerOf({ run, text, parts, outcome }: RunView): AgentMessage {
  return { role: "agent", id: `agent-${run}`, run, text, parts, outcome };
}
