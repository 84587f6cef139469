import type { Schedule } from "./conversation-view.ts";

/** How long to wait for a frame at most, in milliseconds: a page that nobody looks at draws none. */
const MAX_FRAME_MS = 100;

/** With the next animation frame; where there are none, as on a server or in a hidden page, soon all the same. */
export const frameSchedule: Schedule = (act) => {
  const page: Partial<Pick<Window, "requestAnimationFrame" | "cancelAnimationFrame">> = globalThis;
  const frame = page.requestAnimationFrame?.(once);
  const timer = setTimeout(once, frame === undefined ? 0 : MAX_FRAME_MS);

  function cancel(): void {
    clearTimeout(timer);
    if (frame !== undefined) page.cancelAnimationFrame?.(frame);
  }
  function once(): void {
    cancel();
    act();
  }
  return cancel;
};
