import { APICallError, JSONParseError, LoadAPIKeyError } from "@ai-sdk/provider";
import { createProviderStreamError } from "@ai-sdk/provider-utils";
import { describe, expect, it } from "vitest";
import { AgentError } from "../../core/index.ts";
import { errorFromAiSdk } from "./ai-sdk-error.ts";

describe("a status of the provider", () => {
  it.each([
    [400, "model_failed", false],
    [401, "model_unauthorized", false],
    [403, "model_unauthorized", false],
    [404, "model_failed", false],
    [408, "model_unavailable", true],
    [409, "model_unavailable", true],
    [422, "model_failed", false],
    [429, "model_rate_limited", true],
    [500, "model_unavailable", true],
    [503, "model_unavailable", true],
    [529, "model_unavailable", true],
  ])("%i is %s, retryable: %s, and is named", (statusCode, code, retryable) => {
    const error = errorFromAiSdk(callError({ statusCode }));
    expect(error).toMatchObject({ code, retryable, details: { status: statusCode } });
    expect(error.message).toContain(`(status ${statusCode})`);
  });

  it("of success is a cut, since it is an error all the same", () => {
    expect(errorFromAiSdk(callError({ statusCode: 200 }))).toMatchObject({
      code: "model_unavailable",
      retryable: true,
    });
  });

  it("429 is not to be tried again when the quota is used up", () => {
    const data = { error: { message: "You exceeded your current quota", code: "insufficient_quota" } };
    expect(errorFromAiSdk(callError({ statusCode: 429, data }))).toMatchObject({
      code: "model_rate_limited",
      retryable: false,
    });
  });
});

describe("the wait that the provider asks for", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  it.each([
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "250", "retry-after": "7" }, 250],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-1" }, undefined],
    [{}, undefined],
  ])("%j is %s ms", (responseHeaders, wait) => {
    expect(errorFromAiSdk(callError({ statusCode: 429, responseHeaders }), now).retryAfterMs).toBe(wait);
    expect(errorFromAiSdk(callError({ statusCode: 503, responseHeaders }), now).retryAfterMs).toBe(wait);
  });

  it("is nothing where trying again cannot help", () => {
    const error = callError({ statusCode: 400, responseHeaders: { "retry-after": "7" } });
    expect(errorFromAiSdk(error, now).retryAfterMs).toBeUndefined();
  });
});

describe("the message", () => {
  it("repeats what the provider said when that is short and plain", () => {
    const message = "This model's maximum context length is 8192 tokens.\nShorten the messages.";
    expect(errorFromAiSdk(callError({ statusCode: 400, message })).message).toBe(
      "The model's provider refused the request (status 400): " +
        "This model's maximum context length is 8192 tokens. Shorten the messages.",
    );
  });

  it.each([
    "Invalid header: Bearer abc",
    "The key sk-ab12cd34 has no access",
    "Unknown api-key: 0123456789",
    "See https://user:password@proxy.example/",
    "See https://storage.example/blob?sig=abc",
    "Rate limit reached for organization org-AbCdEf123456",
    "Token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 expired",
    "x ".repeat(200),
  ])("does not repeat what may hold a secret, or is long: %s", (message) => {
    expect(errorFromAiSdk(callError({ statusCode: 400, message })).message).toBe(
      "The model's provider refused the request (status 400).",
    );
  });

  it("repeats nothing of refused credentials, which providers like to quote", () => {
    const message = "Incorrect API key provided: abc123";
    expect(errorFromAiSdk(callError({ statusCode: 401, message })).message).toBe(
      "The model's provider refused the credentials (status 401).",
    );
  });

  it("keeps the whole error as the cause, for the logs", () => {
    const cause = callError({ statusCode: 500 });
    expect(errorFromAiSdk(cause).cause).toBe(cause);
  });
});

describe("an error without a status", () => {
  it.each([
    ["a refused connection", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
    ["a cut socket deep in the causes", new Error("read", { cause: withCode("UND_ERR_SOCKET") })],
    ["a failed fetch", new TypeError("fetch failed")],
    ["a terminated body", new TypeError("terminated")],
    ["a call that the SDK calls retryable", callError({ isRetryable: true })],
    ["an answer that is no JSON", new JSONParseError({ text: "<html>", cause: new Error("no") })],
  ])("is unavailable when it is %s", (_, error) => {
    expect(errorFromAiSdk(error)).toMatchObject({ code: "model_unavailable", retryable: true });
  });

  it("is unauthorized when there is no key", () => {
    const error = new LoadAPIKeyError({ message: "OpenAI API key is missing." });
    expect(errorFromAiSdk(error)).toMatchObject({ code: "model_unauthorized", retryable: false });
  });

  it.each([
    ["an error", new Error("secret detail")],
    ["a string", "secret detail"],
    ["nothing", undefined],
  ])("is a plain failure that says nothing more when it is %s of an unknown kind", (_, error) => {
    expect(errorFromAiSdk(error)).toMatchObject({
      code: "model_failed",
      retryable: false,
      message: "The model call failed.",
    });
  });
});

describe("an error inside a stream", () => {
  it("is judged by what the provider made of it", () => {
    const error = createProviderStreamError({
      message: "Slow down",
      statusCode: 429,
      isRetryable: false,
      data: {},
    });
    expect(errorFromAiSdk(error)).toMatchObject({ code: "model_rate_limited", retryable: false });
  });

  it.each([
    ["overloaded_error", "model_unavailable"],
    ["api_error", "model_unavailable"],
    ["server_error", "model_unavailable"],
    ["rate_limit_error", "model_rate_limited"],
    ["authentication_error", "model_unauthorized"],
    ["permission_error", "model_unauthorized"],
    ["invalid_request_error", "model_failed"],
    ["something_else", "model_failed"],
  ])("of type %s is %s", (type, code) => {
    expect(errorFromAiSdk({ type, message: "No" }).code).toBe(code);
    expect(errorFromAiSdk({ type: "error", error: { type, message: "No" } }).code).toBe(code);
  });
});

it("leaves an error of ours as it is, also deep in the causes", () => {
  const own = new AgentError("model_unauthorized", "Azure did not sign the server in.");
  expect(errorFromAiSdk(own)).toBe(own);
  expect(errorFromAiSdk(callError({ cause: new Error("wrapped", { cause: own }) }))).toBe(own);
});

it("stops at a cause that is its own cause", () => {
  const error = new Error("round and round");
  error.cause = error;
  expect(errorFromAiSdk(error).code).toBe("model_failed");
});

function callError(given: Partial<ConstructorParameters<typeof APICallError>[0]>): APICallError {
  return new APICallError({
    message: "No",
    url: "https://provider.example/v1/responses",
    requestBodyValues: {},
    ...given,
  });
}

function withCode(code: string): Error {
  return Object.assign(new Error("other side closed"), { code });
}
