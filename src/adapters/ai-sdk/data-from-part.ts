import type {
  LanguageModelV4File,
  LanguageModelV4ReasoningFile,
  LanguageModelV4Source,
} from "@ai-sdk/provider";
import { convertUint8ArrayToBase64 } from "@ai-sdk/provider-utils";
import type { JsonObject } from "../../core/index.ts";

/** The largest file, in bytes, that is kept in the log itself. Of a larger one only its kind and size are told. */
export const MAX_INLINE_FILE_BYTES: number = 1024 * 1024;

/** The value of a `data` event "source": `{id, sourceType, url, title?}` or `{id, sourceType, mediaType, title, filename?}`. */
export function dataFromSource(source: LanguageModelV4Source): JsonObject {
  if (source.sourceType === "url") {
    const { id, sourceType, url, title } = source;
    return { id, sourceType, url, ...(title !== undefined && { title }) };
  }
  const { id, sourceType, mediaType, title, filename } = source;
  return { id, sourceType, mediaType, title, ...(filename !== undefined && { filename }) };
}

/**
 * The value of a `data` event "file": `{mediaType, url}`, `{mediaType, bytes, base64}`, or, past
 * `MAX_INLINE_FILE_BYTES`, `{mediaType, bytes, omitted: "too-large"}`.
 */
export function dataFromFile({
  mediaType,
  data,
}: LanguageModelV4File | LanguageModelV4ReasoningFile): JsonObject {
  if (data.type === "url") return { mediaType, url: data.originalUrl ?? data.url.href };
  const bytes = typeof data.data === "string" ? bytesOfBase64(data.data) : data.data.byteLength;
  if (bytes > MAX_INLINE_FILE_BYTES) return { mediaType, bytes, omitted: "too-large" };
  const base64 = typeof data.data === "string" ? data.data : convertUint8ArrayToBase64(data.data);
  return { mediaType, bytes, base64 };
}

function bytesOfBase64(text: string): number {
  return Math.floor((text.replace(/=+$/, "").length * 3) / 4);
}
