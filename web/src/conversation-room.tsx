import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { ClientError } from "holdfast/client";
import { Conversation } from "./conversation.tsx";
import type { ConversationChange } from "./conversation-list.tsx";
import { retrying } from "./retrying.ts";
import { client } from "./server.ts";
import type { AgentFacts } from "./server.ts";

interface RoomProps {
  /** Undefined: one that has not begun. When it begins, it is given its name and stays the same. */
  readonly conversationId: string | undefined;
  readonly agents: readonly AgentFacts[] | undefined;
  readonly onChange: (change: ConversationChange) => void;
}

export function ConversationRoom({ conversationId, agents, onChange }: RoomProps): ReactNode {
  const [opened] = useState(conversationId);
  return opened === undefined ? (
    <NewConversation agents={agents} onChange={onChange} />
  ) : (
    <OpenedConversation conversationId={opened} onChange={onChange} />
  );
}

function NewConversation({ agents, onChange }: Pick<RoomProps, "agents" | "onChange">): ReactNode {
  const [chosen, setChosen] = useState<string>();
  const agent = agents?.find(({ name }) => name === chosen) ?? agents?.[0];
  if (!agents || !agent) return <p className="notice">Looking for the server…</p>;
  return (
    <Conversation
      agent={agent.name}
      opened={undefined}
      choice={{ agents, choose: setChosen }}
      onChange={onChange}
    />
  );
}

type Opening =
  | { readonly state: "asking" }
  | { readonly state: "found"; readonly agent: string }
  | { readonly state: "refused"; readonly error: ClientError };

function OpenedConversation({
  conversationId,
  onChange,
}: {
  readonly conversationId: string;
  readonly onChange: RoomProps["onChange"];
}): ReactNode {
  const [opening, setOpening] = useState<Opening>({ state: "asking" });
  useEffect(
    () =>
      retrying(async (signal) => {
        try {
          const { agent } = await client.history(conversationId, { limit: 1, signal });
          setOpening({ state: "found", agent });
        } catch (error) {
          if (!(error instanceof ClientError) || error.code === "unreachable") throw error;
          setOpening({ state: "refused", error });
        }
      }),
    [conversationId],
  );
  switch (opening.state) {
    case "asking":
      return <p className="notice">Opening the conversation…</p>;
    case "refused":
      return <Refused conversationId={conversationId} error={opening.error} />;
    case "found":
      return (
        <Conversation agent={opening.agent} opened={conversationId} choice={undefined} onChange={onChange} />
      );
  }
}

function Refused({
  conversationId,
  error,
}: {
  readonly conversationId: string;
  readonly error: ClientError;
}): ReactNode {
  const isGone = error.code === "conversation_not_found";
  return (
    <div className="notice" role="alert">
      <h1>{isGone ? "This conversation is not here" : "This conversation cannot be opened"}</h1>
      <p>
        {isGone
          ? `The server knows none by the name ${conversationId}. It may have been deleted.`
          : error.message}
      </p>
      <p>
        <a href="#/">Begin another</a>
      </p>
    </div>
  );
}
