import { AgentError } from "../core/index.ts";
import type { Runtime } from "../runtime/index.ts";
import { corsHeaders, preflightResponse } from "./cors.ts";
import { errorResponse } from "./json-response.ts";
import { PROTOCOL_ROUTES } from "./on-demand.ts";
import { createOpenStreams } from "./open-streams.ts";
import { createRouteTable } from "./route.ts";
import type { HttpSettings, Route } from "./route.ts";
import { CONSOLE_ROUTES } from "./routes/console-routes.ts";
import { CONVERSATION_ROUTES } from "./routes/conversation-routes.ts";
import { RUN_ROUTES } from "./routes/run-routes.ts";
import { SERVICE_ROUTES } from "./routes/service-routes.ts";
import { STREAM_ROUTES } from "./routes/stream-routes.ts";

/** All of the native API, as the OpenAPI document describes it. */
export const ROUTES: readonly Route[] = [
  ...RUN_ROUTES,
  ...STREAM_ROUTES,
  ...CONVERSATION_ROUTES,
  ...SERVICE_ROUTES,
  ...PROTOCOL_ROUTES,
];

export const DEFAULT_HTTP_SETTINGS: Omit<HttpSettings, "draining" | "closing" | "console"> = {
  maxBodyBytes: 1024 * 1024,
  heartbeatMs: 15_000,
  allowedOrigins: ["*"],
  endedRunMaxAgeS: 600,
};

/** The whole API as a function of a request, for any host. It never rejects. */
export type Handler = (request: Request) => Promise<Response>;

export function createHandler(
  runtime: Runtime,
  settings: HttpSettings,
  routes: readonly Route[] = [...ROUTES, ...CONSOLE_ROUTES],
): Handler {
  const table = createRouteTable(routes);
  const openStreams = createOpenStreams(settings.heartbeatMs, settings.closing);

  async function answer(request: Request, matched: (route: Route) => void): Promise<Response> {
    const url = new URL(request.url);
    const methods = table.methods(url.pathname);
    if (request.method === "OPTIONS" && methods.length > 0) return preflightResponse(request, methods);
    const { route, parameter } = table.match(request.method, url.pathname);
    matched(route);
    return route.handle({ request, url, runtime, settings, openStreams, parameter });
  }

  return async (request) => {
    const began = performance.now();
    let route: Route | undefined;
    const matched = (found: Route): void => {
      route = found;
    };
    const full = await answer(request, matched).catch((cause: unknown) => {
      const error = AgentError.from(cause);
      if (error.code === "internal_error")
        runtime.logger.error({ error: cause, url: request.url }, "a request failed");
      return (route?.refuse ?? errorResponse)(error);
    });
    const response = request.method === "HEAD" ? await withoutBody(full) : full;
    // What a stream's own answer varies by stays beside the origin.
    for (const [name, value] of corsHeaders(request, settings.allowedOrigins)) {
      if (name === "vary") response.headers.append(name, value);
      else response.headers.set(name, value);
    }
    runtime.metrics.requestAnswered({
      method: METHODS.has(request.method) ? request.method : "other",
      route: route?.path ?? UNMATCHED,
      status: response.status,
      durationMs: performance.now() - began,
    });
    return response;
  };
}

/** What the metrics call the route of a request that found none. */
const UNMATCHED = "unmatched";

/** Any other method is a client's own invention: counted, not named. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

async function withoutBody(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}
