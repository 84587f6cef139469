import { EXPOSED_HEADERS } from "../protocol/index.ts";

/** For how long a browser may remember a preflight's answer, in seconds. */
const PREFLIGHT_AGE_S = 600;

/** What a browser needs to let a page of an allowed origin read an answer (wire rule 5). */
export function corsHeaders(
  request: Request,
  allowedOrigins: readonly string[],
): readonly (readonly [string, string])[] {
  const origin = request.headers.get("origin");
  if (origin === null) return [];
  const any = allowedOrigins.includes("*");
  if (!any && !allowedOrigins.includes(origin)) return [["vary", "origin"]];
  return [
    ["access-control-allow-origin", any ? "*" : origin],
    ["access-control-expose-headers", EXPOSED_HEADERS.join(", ")],
    ...(any ? [] : [["vary", "origin"] as const]),
  ];
}

/** The answer to OPTIONS: the methods of the path, and leave for whatever headers the page wants to send. */
export function preflightResponse(request: Request, methods: readonly string[]): Response {
  const allow = [...methods, "OPTIONS"].join(", ");
  const headers = new Headers({
    allow,
    "access-control-allow-methods": allow,
    "access-control-max-age": String(PREFLIGHT_AGE_S),
  });
  const wanted = request.headers.get("access-control-request-headers");
  if (wanted !== null) headers.set("access-control-allow-headers", wanted);
  return new Response(null, { status: 204, headers });
}
