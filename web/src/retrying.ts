const RETRY_MS = 1_500;

/** Does something until it has worked once: a server may be away. Gives the function that ends it. */
export function retrying(act: (signal: AbortSignal) => Promise<void>): () => void {
  return repeating(act, { againMs: undefined });
}

/**
 * Does something again and again while the page is looked at, and after a failure a little later: what failed is
 * background reading, which has nothing to tell but what it reads. Gives the function that ends it.
 */
export function repeating(
  act: (signal: AbortSignal) => Promise<void>,
  { againMs }: { readonly againMs: number | undefined },
): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function turn(): Promise<void> {
    let wait = againMs;
    try {
      if (document.visibilityState === "visible" || againMs === undefined) await act(signal);
    } catch {
      wait = againMs ?? RETRY_MS; // The server is away; the connection's own state tells of it.
    }
    if (wait !== undefined && !signal.aborted) timer = setTimeout(() => void turn(), wait);
  }

  void turn();
  return () => {
    ending.abort();
    clearTimeout(timer);
  };
}
