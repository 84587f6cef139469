import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startServe } from "./support/cli-process.ts";
import type { ServeProcess } from "./support/cli-process.ts";

// The README's code, run as it stands there.

const README = readFileSync("README.md", "utf8");
const [agentsFile, ownServer] = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

/** Inside the repository, where the package's own name resolves. */
const DIRECTORY = join("test-results", `readme-${process.pid}`);

beforeEach(() => {
  mkdirSync(DIRECTORY, { recursive: true });
});

afterEach(() => {
  rmSync(DIRECTORY, { recursive: true, force: true });
});

describe("the README's own agent", () => {
  let model: LLMock;
  let server: ServeProcess | undefined;

  beforeEach(async () => {
    model = new LLMock({ host: "127.0.0.1", port: 0 });
    await model.start();
  });

  afterEach(async () => {
    await server?.stop();
    await model.stop();
  });

  test("is about thirty lines, and answers with what its tool says", async () => {
    expect(agentsFile!.trim().split("\n").length).toBeLessThanOrEqual(40);
    const file = join(DIRECTORY, "agents.ts");
    writeFileSync(file, agentsFile!);
    model.on(
      { userMessage: "Where is A-17?", hasToolResult: false },
      { toolCalls: [{ name: "lookUpOrder", arguments: JSON.stringify({ number: "A-17" }) }] },
    );
    model.on({ userMessage: "Where is A-17?", hasToolResult: true }, { content: "It arrives tomorrow." });
    server = await startServe({
      args: [file],
      environment: { OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: "test", OPENAI_MODEL: "test-model" },
    });
    const response = await fetch(`${server.url}/api/agents/Support/run?wait_for_response=true`, {
      method: "POST",
      body: "Where is A-17?",
    });
    expect(await response.json()).toMatchObject({ status: "success", response: "It arrives tomorrow." });
    const toldTheModel = JSON.stringify(model.getRequests().at(-1)?.body);
    expect(toldTheModel).toContain("shipped");
  });
});

test("the README's own server answers requests", async () => {
  const code = ownServer!.replace('from "./agents.ts"', `from "./agents-of-own-server.ts"`);
  writeFileSync(join(DIRECTORY, "agents-of-own-server.ts"), agentsFile!);
  const file = join(DIRECTORY, "server.ts");
  writeFileSync(
    file,
    code.replace('directory: ".holdfast"', `directory: ${JSON.stringify(join(DIRECTORY, "data"))}`),
  );
  const { GET } = (await import(join(process.cwd(), file))) as {
    GET: (request: Request) => Promise<Response>;
  };
  const response = await GET(
    new Request("http://localhost/api/agent/create", {
      method: "POST",
      headers: { "content-type": "text/plain", accept: "text/plain" },
      body: "Hello?",
    }),
  );
  expect(await response.text()).toBe("Hello from your own server.\n");
});
