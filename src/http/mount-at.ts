import { AgentError } from "../core/index.ts";
import { STREAM_RESUME } from "../protocol/index.ts";
import type { Handler } from "./handler.ts";
import { errorResponse } from "./json-response.ts";

/** The headers of an answer that say where something is. */
const PLACES = ["location", "content-location", STREAM_RESUME];

const mountPaths = new WeakMap<Request, string>();

/** Under which path the handler that has this request is mounted; empty: under none. */
export function mountPathOf(request: Request): string {
  return mountPaths.get(request) ?? "";
}

/**
 * A handler under a path of its own: it is asked at `/assistant/api/…`, and the headers of its answers point there. Paths
 * in bodies stay relative to the mount: `links` of a status say `/api/…`.
 * @example
 * app.all("/assistant/*", ({ req }) => mountAt("/assistant", holdfast.fetch)(req.raw));
 */
export function mountAt(path: string, handler: Handler): Handler {
  const base = path.replace(/\/+$/, "");
  if (base === "") return handler;
  if (!base.startsWith("/")) throw new TypeError(`The path to mount at begins with a slash: "/${path}".`);
  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname !== base && !url.pathname.startsWith(`${base}/`)) {
      return errorResponse(new AgentError("route_not_found", `There is nothing at ${url.pathname}.`));
    }
    url.pathname = url.pathname.slice(base.length) || "/";
    const inner = new Request(url, request);
    mountPaths.set(inner, mountPathOf(request) + base);
    const response = await handler(inner);
    for (const name of PLACES) {
      const place = response.headers.get(name);
      if (place?.startsWith("/")) response.headers.set(name, base + place);
    }
    return response;
  };
}
