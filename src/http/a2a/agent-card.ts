import type { JsonObject } from "../../core/index.ts";
import type { Agent } from "../../runtime/index.ts";
import { jsonResponse } from "../json-response.ts";
import { mountPathOf } from "../mount-at.ts";
import { findAgent } from "../conversation-of-call.ts";
import type { Call } from "../route.ts";

const TEXT = ["text/plain"];

/** The version of what our agents can do on A2A: an agent has none of its own. */
const CARD_VERSION = "1";

/** The card of the first agent, or of the one that the path names. */
export async function agentCard(call: Call): Promise<Response> {
  return jsonResponse(200, cardOf(call, agentOfPath(call)));
}

/** The agent that the path names; of a path that names none, the first. Throws `agent_not_found`. */
export function agentOfPath({ runtime, parameter }: Call): Agent {
  const name = parameter("agent");
  return name === "" ? runtime.agents.first : findAgent(runtime.agents, name);
}

/** The card says where the agent is in full: clients may keep it apart from where they got it. */
function cardOf({ request, url }: Call, { name, description }: Agent): JsonObject {
  const address = `${originOf(request, url)}${mountPathOf(request)}/a2a/${encodeURIComponent(name)}`;
  const told = description ?? `The agent ${name}.`;
  return {
    name,
    description: told,
    version: CARD_VERSION,
    supportedInterfaces: [{ url: address, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false },
    defaultInputModes: TEXT,
    defaultOutputModes: TEXT,
    skills: [{ id: name, name, description: told, tags: ["agent"] }],
  };
}

/** Behind a proxy that ends TLS, the proxy knows the scheme. What a client says of itself here only it is told. */
function originOf({ headers }: Request, url: URL): string {
  return headers.get("x-forwarded-proto") === "https" ? `https://${url.host}` : url.origin;
}
