import { AgentError } from "../../core/index.ts";
import { jsonResponse } from "../json-response.ts";
import { openApiDocument } from "../on-demand.ts";
import type { Call, Route } from "../route.ts";

/** What operators and newcomers ask of the service itself. */
export const SERVICE_ROUTES: readonly Route[] = [
  { method: "GET", path: "/api/health", handle: getHealth },
  { method: "GET", path: "/api/ready", handle: getReadiness },
  { method: "GET", path: "/metrics", handle: getMetrics },
  { method: "GET", path: "/openapi.json", handle: getOpenapi },
];

async function getHealth({ runtime }: Call): Promise<Response> {
  const agents = runtime.agents.all.map(({ name, description, tools }) => ({
    name,
    description,
    tools: Object.keys(tools),
  }));
  return jsonResponse(200, { status: "healthy", agents, agent_count: agents.length });
}

async function getReadiness({ runtime, settings }: Call): Promise<Response> {
  if (settings.draining.aborted) throw new AgentError("shutting_down", "The server is about to stop.");
  await runtime.store.ping();
  return jsonResponse(200, { status: "ready", store: runtime.store.description });
}

async function getMetrics({ runtime }: Call): Promise<Response> {
  const rendered = await runtime.metrics.render();
  if (!rendered) throw new AgentError("route_not_found", "This server keeps no metrics to be scraped.");
  return new Response(rendered.body, {
    headers: { "content-type": rendered.contentType, "cache-control": "no-store" },
  });
}

async function getOpenapi(): Promise<Response> {
  const { OPENAPI } = await openApiDocument();
  return jsonResponse(200, OPENAPI);
}
