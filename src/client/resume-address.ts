import { STREAM_RESUME } from "../protocol/index.ts";

export function isEventStream({ status, headers }: Response): boolean {
  return status === 200 && (headers.get("content-type") ?? "").startsWith("text/event-stream");
}

/**
 * Where the answer's stream goes on. Only on the origin that was asked: the first request's credentials are sent again,
 * and neither an answer nor a redirect may have them sent elsewhere.
 */
export function resumeAddress({ headers, url }: Response, asked: string): string | undefined {
  const named = headers.get(STREAM_RESUME);
  if (named === null) return undefined;
  try {
    const address = new URL(named, url || absoluteAddress(asked));
    return address.origin === new URL(absoluteAddress(asked)).origin ? address.href : undefined;
  } catch {
    return undefined; // Not an address, so there is nowhere to go on.
  }
}

/** A page may ask by a path alone. */
function absoluteAddress(address: string): string {
  const page: Partial<Pick<Window, "location">> = globalThis;
  return new URL(address, page.location?.href).href;
}
