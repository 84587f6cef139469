import { AgentError } from "../core/index.ts";
import { errorResponse } from "./json-response.ts";
import { loadOnce } from "./load-once.ts";
import type { Route } from "./route.ts";

/** Routes of which only the addresses are known until the first request for one of them. */
export interface RouteGroup {
  readonly addresses: readonly (readonly [method: Route["method"], path: string])[];
  readonly load: () => Promise<readonly Route[]>;
}

/** The other protocols than our own. */
export const PROTOCOLS: readonly RouteGroup[] = [
  {
    addresses: [
      ["POST", "/api/chat"],
      ["GET", "/api/chat/{id}"],
      ["GET", "/api/chat/{id}/stream"],
      ["POST", "/api/chat/{id}/stop"],
    ],
    load: loadOnce(async () => (await import("./ai-sdk/ai-sdk-routes.ts")).AI_SDK_ROUTES),
  },
  {
    addresses: [
      ["POST", "/v1/responses"],
      ["GET", "/v1/responses/{id}"],
      ["DELETE", "/v1/responses/{id}"],
      ["POST", "/v1/responses/{id}/cancel"],
      ["GET", "/v1/responses/{id}/input_items"],
      ["GET", "/v1/models"],
      ["GET", "/v1/models/{model}"],
    ],
    load: loadOnce(async () => (await import("./openai/openai-routes.ts")).OPENAI_ROUTES),
  },
  {
    addresses: [["GET", "/v1/stream/{id}"]],
    load: loadOnce(async () => (await import("./routes/durable-streams-routes.ts")).DURABLE_STREAMS_ROUTES),
  },
  {
    addresses: [
      ["GET", "/.well-known/agent-card.json"],
      ["GET", "/a2a/{agent}/.well-known/agent-card.json"],
      ["POST", "/a2a"],
      ["POST", "/a2a/{agent}"],
      ["GET", "/a2a/{agent}/tasks/{task}/stream"],
    ],
    load: loadOnce(async () => (await import("./a2a/a2a-routes.ts")).A2A_ROUTES),
  },
  {
    addresses: [
      ["POST", "/mcp"],
      ["GET", "/mcp"],
    ],
    load: loadOnce(async () => (await import("./mcp/mcp-routes.ts")).MCP_ROUTES),
  },
  {
    addresses: [
      ["POST", "/ag-ui/{agent}"],
      ["GET", "/ag-ui/{agent}/{thread}"],
    ],
    load: loadOnce(async () => (await import("./ag-ui/ag-ui-routes.ts")).AG_UI_ROUTES),
  },
];

/** What JSON bodies of the native API look like, in Zod. */
export const requestBodies: () => Promise<typeof import("./request-bodies.ts")> = loadOnce(
  () => import("./request-bodies.ts"),
);

export const openApiDocument: () => Promise<typeof import("./openapi.ts")> = loadOnce(
  () => import("./openapi.ts"),
);

/**
 * All that is loaded on demand, the likeliest first. A server that has started loads it when its first requests are
 * behind it, so that no later one has to wait, and none finds files that an upgrade has replaced by then.
 */
export const ON_DEMAND: readonly (() => Promise<unknown>)[] = [
  requestBodies,
  ...PROTOCOLS.map(({ load }) => load),
  openApiDocument,
];

/** The routes of the other protocols, loaded with the first request for one of them; requests that come together share the load. */
export const PROTOCOL_ROUTES: readonly Route[] = PROTOCOLS.flatMap(({ addresses, load }) =>
  addresses.map(([method, path]) => routeOnDemand(method, path, load)),
);

function routeOnDemand(method: Route["method"], path: string, load: RouteGroup["load"]): Route {
  async function find(): Promise<Route> {
    const found = (await load()).find((route) => route.method === method && route.path === path);
    if (!found) throw new AgentError("internal_error", `Nothing was loaded for ${method} ${path}.`);
    return found;
  }
  return {
    method,
    path,
    handle: async (call) => (await find()).handle(call),
    async refuse(error) {
      // What could not be loaded cannot say no in its own way either.
      const route = await find().catch(() => undefined);
      return (route?.refuse ?? errorResponse)(error);
    },
  };
}
