import { createContext, useContext, useState } from "react";
import type { ReactNode } from "react";

const Announce = createContext<(message: string) => void>(() => {});

/**
 * Says what happened to those who do not look: one polite live region for the whole page. Milestones only; the growing text
 * itself is never announced.
 */
export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [message, setMessage] = useState("");
  return (
    <Announce value={setMessage}>
      {children}
      <div className="visually-hidden" role="status">
        {message}
      </div>
    </Announce>
  );
}

export function useAnnounce(): (message: string) => void {
  return useContext(Announce);
}
