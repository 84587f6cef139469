import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/core/index.ts";
import { startRun, endOf } from "../support/api.ts";
import { BAD_INPUTS, MAX_BODY_BYTES, post } from "../support/bad-inputs.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { rawAnswer, rawRequest } from "../support/raw-client.ts";
import type { RawRequest } from "../support/raw-client.ts";
import { scriptAgent } from "../support/test-agents.ts";

describe("bad input", () => {
  it.each(BAD_INPUTS)(
    "$what is answered with $status $code",
    async ({ request, status, code, error, headers }) => {
      const { server, id } = await opened();
      const fill = (text: string): string => text.replaceAll("{id}", id);
      const filled: RawRequest = {
        ...request,
        path: fill(request.path),
        ...(typeof request.body === "string" && { body: fill(request.body) }),
      };
      const answer = await rawAnswer(server.port, filled);
      expect(answer).toMatchObject({ status, ended: "graceful" });
      expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
      expect(answer.headers).toMatchObject(headers ?? {});
      const body = JSON.parse(answer.text) as { readonly error: Readonly<Record<string, unknown>> };
      expect(Object.keys(body)).toEqual(["error"]);
      expect(ERROR_CODES).toContain(body.error["code"]);
      expect(body.error).toMatchObject({ code, message: expect.stringMatching(/\S/) });
      for (const [name, value] of Object.entries(error ?? {})) {
        expect(body.error[name]).toBe(typeof value === "string" ? fill(value) : value);
      }
      expect(answer.text).not.toMatch(/\bat .*:\d+|node_modules|\.ts\b|ZodError|SyntaxError|stack|cause/);
      expect(server.logs).toEqual([]);
    },
  );
});

describe("a body far over the limit", () => {
  it.each([
    ["with its length", "close"],
    ["with its length", "keep-alive"],
    ["chunked", "close"],
    ["chunked", "keep-alive"],
  ])("sent %s (%s) is refused in words that a client that reads late gets", async (how, connection) => {
    const { server } = await opened();
    const pieces = Array.from({ length: 200 }, () => "x".repeat(100_000));
    const request = post(how === "chunked" ? pieces : pieces.join(""));
    const headers = { ...request.headers, connection };
    const answer = await rawAnswer(server.port, { ...request, headers, readsLate: true });
    expect(answer).toMatchObject({ status: 413, ended: "graceful" });
    expect(answer.text).toContain("body_too_large");
  });

  it("is fine up to the limit, and JSON that is nested too deep is refused", async () => {
    const server = await openServer({ agents: [scriptAgent(["word"])] });
    const deep = (depth: number) =>
      `{"message":"m","metadata":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    for (const [depth, status] of [
      [20, 202],
      [400_000, 400],
      [5_000, 400],
    ] as const) {
      const answer = await rawAnswer(server.port, post(deep(depth), "application/json"));
      expect(answer).toMatchObject({ status, ended: "graceful" });
    }
    expect(server.logs).toEqual([]);
  });

  it("that never ends does not hold the connection for ever", async () => {
    const { server } = await opened();
    const request = post("x".repeat(MAX_BODY_BYTES + 1));
    const headers = { ...request.headers, "content-length": "100000000", connection: "keep-alive" };
    const answer = await rawRequest(server.port, { ...request, headers });
    expect(answer.status).toBe(413);
    await answer.ending;
    await server.stop();
  });
});

async function opened(): Promise<{ readonly server: TestServer; readonly id: string }> {
  const agents = [scriptAgent(["word"]), scriptAgent(["word"], { name: "Other" })];
  const server = await openServer({ agents, http: { maxBodyBytes: MAX_BODY_BYTES } });
  const run = await startRun(server, "Script");
  await endOf(server, run);
  return { server, id: run.conversation };
}
