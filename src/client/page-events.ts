/** What a platform says of the network and of being looked at. */
export type PageEvent = "online" | "offline" | "wake";

/** Tells what the platform says until the returned function is called. */
export type WatchPage = (tell: (event: PageEvent) => void) => () => void;

/** The browser's own events; where there is no browser, silence. */
export const watchBrowser: WatchPage = (tell) => {
  const page: Partial<Pick<Window, "addEventListener" | "removeEventListener" | "document">> = globalThis;
  if (typeof page.addEventListener !== "function" || page.document === undefined) return () => undefined;
  const { document } = page;
  const controller = new AbortController();
  const { signal } = controller;
  page.addEventListener("online", () => tell("online"), { signal });
  page.addEventListener("offline", () => tell("offline"), { signal });
  // A page that comes back from the back-forward cache has lost its connections without a word.
  page.addEventListener("pageshow", () => tell("wake"), { signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") tell("wake");
    },
    { signal },
  );
  return () => controller.abort();
};
