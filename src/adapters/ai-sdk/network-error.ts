/** Whether an error says that a connection could not be made, or was lost; its causes are not looked at. */
export function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string" && NETWORK_CODES.has(error.code)) return true;
  // What fetch throws when it says no more, and what the AI SDK makes of it.
  return /^(?:fetch failed|failed to fetch|terminated|cannot connect to api\b)/i.test(error.message);
}

const NETWORK_CODES: ReadonlySet<string> = new Set([
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_SOCKET",
]);
