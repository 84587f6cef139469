import { useEffect, useRef } from "react";

/**
 * Keeps those who go by keyboard on the page: when what they had just pressed is gone, the messages get the focus, where
 * its effect shows. `situation` names what decides about what can be pressed; its change is when something may be gone.
 */
export function useKeptFocus(situation: string): void {
  const last = useRef(situation);
  useEffect(() => {
    if (last.current === situation) return;
    last.current = situation;
    if (document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>(".messages")?.focus({ preventScroll: true });
  }, [situation]);
}
