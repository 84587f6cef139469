import { useEffect, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { Announcer } from "./announcer.tsx";
import { ConversationList } from "./conversation-list.tsx";
import type { ConversationChange } from "./conversation-list.tsx";
import { ConversationRoom } from "./conversation-room.tsx";
import { Figures } from "./figures.tsx";
import { Mark } from "./mark.tsx";
import { navigation } from "./navigation.ts";
import { plug } from "./server.ts";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useAgents } from "./use-agents.ts";

/** The whole console. */
export function App(): ReactNode {
  const place = useSyncExternalStore(navigation.subscribe, navigation.getPlace);
  const agents = useAgents();
  const [change, setChange] = useState<ConversationChange>();

  useEffect(() => {
    const { conversationId } = place;
    const name = (change?.conversationId === conversationId ? change?.title : undefined) ?? conversationId;
    document.title = name === undefined ? "Holdfast" : `${name} · Holdfast`;
  }, [place, change]);

  // Who goes elsewhere wants to see it: a plug belongs to the conversation that shows it.
  useEffect(() => plug.putBack(), [place.visit]);

  return (
    <Announcer>
      <a className="skip-link" href="#message" onClick={skipToMessage}>
        Skip to the message
      </a>
      <div className="app" data-begun={place.conversationId !== undefined || undefined}>
        <header className="masthead">
          <a className="brand" href="#/" onClick={beginAnew}>
            <Mark />
            <span>Holdfast</span>
          </a>
          <ThemeSwitch />
        </header>
        <nav className="sidebar" aria-label="Conversations">
          <ConversationList current={place.conversationId} change={change} />
          <Figures />
        </nav>
        <main className="room" id="main" tabIndex={-1}>
          <ConversationRoom
            key={place.visit}
            conversationId={place.conversationId}
            agents={agents}
            onChange={setChange}
          />
        </main>
      </div>
    </Announcer>
  );
}

// An address with a fragment of its own would lose the conversation: it is the fragment.
function skipToMessage(event: { preventDefault(): void }): void {
  event.preventDefault();
  const target = document.getElementById("message") ?? document.getElementById("main");
  target?.focus();
}

function beginAnew(event: { preventDefault(): void }): void {
  event.preventDefault();
  navigation.begin();
}
