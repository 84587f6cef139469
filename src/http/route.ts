import { AgentError } from "../core/index.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { Runtime } from "../runtime/index.ts";

/** One row of the API: a method, a path with `{names}`, and what answers it. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Segments in braces are parameters: `/api/agents/{name}/run`. */
  readonly path: string;
  readonly handle: (call: Call) => Promise<Response>;
  /** How its protocol says no; absent: as the native API does. */
  readonly refuse?: (error: AgentError) => Response | Promise<Response>;
}

/** A request on its way to a route. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly runtime: Runtime;
  readonly settings: HttpSettings;
  readonly openStreams: OpenStreams;
  /** A parameter of the path, decoded. */
  readonly parameter: (name: string) => string;
}

export interface HttpSettings {
  /** How large a request body may be, in bytes. Default 1 MiB. */
  readonly maxBodyBytes: number;
  /** How often a quiet stream says that it is alive, in milliseconds. Default 15 s (wire rule 2). */
  readonly heartbeatMs: number;
  /** Origins that browsers may call from; `*` for any. Default `*`. */
  readonly allowedOrigins: readonly string[];
  /**
   * For how long caches may keep the stream of an ended run without asking, in seconds; 0: not at all. Default 10 minutes.
   * What is deleted here may be served by a cache for as long.
   */
  readonly endedRunMaxAgeS: number;
  /** The console to serve at `/`; absent: a plain page. */
  readonly console?: ConsoleFiles;
  /** Aborts when the server begins to stop: it is not ready any more, while steps under way come to their end. */
  readonly draining: AbortSignal;
  /** Aborts when the server is about to stop: streams that have not ended are then reset. */
  readonly closing: AbortSignal;
}

export interface RouteTable {
  /** The route for a method and path. Throws `route_not_found`, or `method_not_allowed` with the methods that are. */
  match(method: string, path: string): { readonly route: Route; readonly parameter: Call["parameter"] };
  /** The methods that a path answers, empty for an unknown path. */
  methods(path: string): readonly string[];
}

export function createRouteTable(routes: readonly Route[]): RouteTable {
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }));

  function methods(path: string): readonly string[] {
    const answered = patterns.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route.method);
    return answered.flatMap((method) => (method === "GET" ? [method, "HEAD"] : [method]));
  }

  return {
    methods,
    match(method, path) {
      const wanted = method === "HEAD" ? "GET" : method;
      for (const { route, pattern } of patterns) {
        const groups = route.method === wanted ? pattern.exec(path)?.groups : undefined;
        if (groups) return { route, parameter: (name) => decode(groups[name] ?? "") };
      }
      const allow = methods(path);
      if (allow.length === 0) throw new AgentError("route_not_found", `There is nothing at ${path}.`);
      throw new AgentError("method_not_allowed", `${path} answers ${allow.join(", ")}.`, {
        details: { allow: [...allow, "OPTIONS"].join(", ") },
      });
    },
  };
}

function patternOf(path: string): RegExp {
  // A path matches with and without a slash at its end; of "/" the slash is all there is.
  const source = path
    .replace(/\/$/, "")
    .replace(/[.]/g, String.raw`\.`)
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  // A pattern without parameters still needs the group object.
  return new RegExp(`^(?<_>)${source}/?$`);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new AgentError("invalid_request", "The path is not well encoded.", { cause });
  }
}
