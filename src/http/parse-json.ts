import { AgentError } from "../core/index.ts";

/** How deep the JSON of a request may be nested. Checking, storing and printing it all take a stack as deep. */
export const MAX_JSON_DEPTH = 100;

/** Reads a body as JSON. Throws `invalid_request` when it is none, or is nested too deep. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > MAX_JSON_DEPTH) {
    throw new AgentError("invalid_request", `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`, {
      details: { field: "body" },
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentError("invalid_request", "The body is not JSON.", { cause, details: { field: "body" } });
  }
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '"') inString = !inString;
    else if (inString && character === "\\") index += 1;
    else if (!inString && (character === "[" || character === "{")) deepest = Math.max(deepest, ++depth);
    else if (!inString && (character === "]" || character === "}")) depth -= 1;
  }
  return deepest;
}
