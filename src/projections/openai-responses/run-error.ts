import type { ErrorCode, JsonObject } from "../../core/index.ts";

/** Why a run failed, with a code of the protocol's closed list; ours is beside it as the type. */
export function errorOfRun({
  code,
  message,
}: {
  readonly code: ErrorCode;
  readonly message: string;
}): JsonObject {
  return {
    code: code === "model_rate_limited" ? "rate_limit_exceeded" : "server_error",
    message,
    type: code,
  };
}
