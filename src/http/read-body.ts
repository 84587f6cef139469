import { AgentError } from "../core/index.ts";

/** Reads a whole request body as text. Throws `body_too_large` past the limit, without reading on. */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function tooLarge(maxBytes: number): AgentError {
  return new AgentError("body_too_large", `The body is larger than ${maxBytes} bytes.`, {
    details: { max_bytes: maxBytes },
  });
}
