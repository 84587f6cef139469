import type { JsonObject } from "../../core/index.ts";
import { findAgent } from "../conversation-of-call.ts";
import { jsonResponse } from "../json-response.ts";
import type { Call } from "../route.ts";

/** The agents, as OpenAI's clients know models. */
export async function listModels({ runtime }: Call): Promise<Response> {
  const data = runtime.agents.all.map(({ name }) => modelJson(name));
  return jsonResponse(200, { object: "list", data });
}

export async function getModel({ runtime, parameter }: Call): Promise<Response> {
  return jsonResponse(200, modelJson(findAgent(runtime.agents, parameter("model")).name));
}

/** When an agent was written is not known here. */
function modelJson(name: string): JsonObject {
  return { id: name, object: "model", created: 0, owned_by: "holdfast" };
}
