import { AgentError } from "../core/index.ts";

/** For a parameter that is true or false; absent: false. Throws `invalid_request`. */
export function flagIn({ searchParams }: URL, name: string): boolean {
  const text = searchParams.get(name);
  if (text === null || text === "false" || text === "0") return false;
  if (text === "true" || text === "1") return true;
  throw new AgentError("invalid_request", `${name} is true or false.`, { details: { field: name } });
}
