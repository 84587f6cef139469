import { AgentError } from "../core/index.ts";

/** For a parameter that is a whole number from 1. Throws `invalid_request`. */
export function ordinalIn(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AgentError("invalid_request", `${name} is a whole number from 1.`, { details: { field: name } });
}
