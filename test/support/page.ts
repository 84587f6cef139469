import { Window } from "happy-dom";

/**
 * As much of a page as React needs, beside Node's own fetch, streams and timers. Import it before anything of React: what it
 * finds when it is loaded is what it takes for its platform.
 */
export const page: Window = new Window({ url: "http://localhost/" });

const NAMES = [
  "document",
  "HTMLElement",
  "HTMLIFrameElement",
  "Node",
  "Element",
  "MutationObserver",
] as const;

Object.assign(globalThis, {
  window: page,
  ...Object.fromEntries(NAMES.map((name) => [name, page[name]])),
  requestAnimationFrame: page.requestAnimationFrame.bind(page),
  cancelAnimationFrame: page.cancelAnimationFrame.bind(page),
});
