import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { RESTARTED } from "../../src/cli/watch/answer-output.ts";
import { createHoldfastClient } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { freePort } from "../support/redis-server.ts";
import { startServe } from "../support/serve-process.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import { runCommand, startCommand, startInTerminal } from "./cli-command.ts";

const MESSAGE = "Plan a 3-day trip to Tokyo";

/** A real server of the travel planner, on a file of its own. */
async function serveTravelPlanner(chunksPerSecond: number) {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const server = await startServe({
    name: "the server",
    agents: "examples/travel-planner/agents.ts",
    args: [],
    environment: { HOLDFAST_DATA_DIR: directory, HOLDFAST_DEMO_CHUNKS_PER_SECOND: String(chunksPerSecond) },
  });
  onTestFinished(async () => {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });
  return { server, client: createHoldfastClient({ baseUrl: server.url }) };
}

describe("holdfast run into a file, when kill -9 ends the server in the middle of the answer", () => {
  it("has the stored text, to the character, and every entry once", async () => {
    const { server, client } = await serveTravelPlanner(100);
    const run = startCommand(["run", "TravelPlanner", MESSAGE, "--server", server.url]);
    await eventually("there is a conversation", async () => {
      const { conversations } = await client.conversations();
      return conversations.length > 0;
    });
    const [conversation] = (await client.conversations()).conversations;
    const { conversationId } = conversation!;
    const json = startCommand(["follow", conversationId, "--json", "--server", server.url]);
    const screen = startInTerminal(["follow", conversationId, "--server", server.url]);
    await eventually("the terminal shows it", () => screen.screen() !== "");
    const kills = [40, 600];
    for await (const { text } of client.follow(conversationId, { limits: { maxFailures: 1000 } })) {
      if (text.length <= (kills[0] ?? Number.POSITIVE_INFINITY)) continue;
      kills.shift();
      await server.kill();
      await server.restart();
    }
    const [record] = (await client.history(conversationId)).runs;
    expect(await run.ended).toEqual({ code: 0, stdout: record!.response, stderr: "" });
    const followed = await json.ended;
    expect(followed.code).toBe(0);
    const entries = followed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly event: string; readonly cursor: string });
    expect(new Set(entries.map(({ cursor }) => cursor)).size).toBe(entries.length);
    expect(entries.filter(({ event }) => event === "run-completed")).toHaveLength(1);
    expect(entries.filter(({ event }) => event === "step-reset")).toHaveLength(2);
    expect(kills).toEqual([]);
    expect(await screen.ended).toBe(0);
    expect(screen.screen()).toContain("[The connection is lost; trying again…]");
    expect(screen.screen()).toContain("[Connected again.]");
    // Below the last note that a step is withdrawn stands all of it, as it is stored.
    const lastStep = stripVTControlCharacters(screen.screen()).split(RESTARTED).at(-1)!.trim();
    expect(lastStep.length).toBeGreaterThan(1000);
    expect(record!.response.trimEnd().endsWith(lastStep)).toBe(true);
  }, 60_000);
});

describe("holdfast run", () => {
  it("prints nothing into a pipe that may still be withdrawn", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = startCommand(["run", "Puppet", "Hello", "--server", server.url]);
    puppet.say("This is withdrawn.");
    const client = createHoldfastClient({ baseUrl: server.url });
    await eventually("the model is asked", () => puppet.steps.length > 0);
    const [conversation] = (await client.conversations()).conversations;
    const resets: string[] = [];
    for await (const { event, text } of client.follow(conversation!.conversationId)) {
      if (event.type === "step-reset") resets.push(event.reason);
      if (resets.length === 0 && text === "This is withdrawn.") {
        expect(run.stdout()).toBe("");
        puppet.say(new AgentError("model_unavailable", "Come back later.", { retryAfterMs: 1 }));
        puppet.say("This stays.");
        puppet.end();
      }
    }
    expect(resets).toEqual(["retry"]);
    expect(await run.ended).toEqual({ code: 0, stdout: "This stays.", stderr: "" });
  });

  it("tells by its exit code how the run ended", async () => {
    const broken = scriptAgent(["Half. ", new AgentError("model_failed", "The model is gone.")], {
      name: "Broken",
    });
    const short = turnsAgent(
      [["As far as", { type: "finish", finishReason: "length", usage: { inputTokens: 1, outputTokens: 1 } }]],
      { name: "Short" },
    );
    const server = await openServer({ agents: [broken, short.definition] });
    const failed = await runCommand(["run", "Broken", "Hello", "--server", server.url]);
    expect(failed.code).toBe(3);
    expect(failed.stderr).toContain("The model is gone. (model_failed)");
    const incomplete = await runCommand(["run", "Short", "Hello", "--server", server.url]);
    expect(incomplete).toMatchObject({ code: 5, stdout: "As far as" });
  });

  it("takes the message from standard input, goes on in a conversation, and repeats under a key", async () => {
    const agent = turnsAgent([["Hello."]]);
    const server = await openServer({ agents: [agent.definition] });
    const url = ["--server", server.url];
    const first = await runCommand(["run", "Script", "-", "--detach", ...url], { input: "Hi\nthere\n" });
    expect(first.code).toBe(0);
    const [id = "", run] = first.stdout.trimEnd().split(" ");
    expect(run).toBe("1");
    const again = [
      "run",
      "Script",
      "More",
      "--conversation",
      id,
      "--idempotency-key",
      "k",
      "--detach",
      ...url,
    ];
    expect((await runCommand(again)).stdout).toBe(`${id} 2\n`);
    expect((await runCommand(again)).stdout).toBe(`${id} 2\n`);
    expect((await runCommand(["follow", id, ...url])).stdout).toBe("Hello.\nHello.");
    const history = await call(server, "GET", `/api/conversations/${id}`);
    expect(history.at("runs.0.message")).toBe("Hi\nthere");
  });

  it("with --json begins with the ids, and --detach prints them alone", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const all = await runCommand(["run", "Script", "Hi", "--json", "--server", server.url]);
    const lines = all.stdout.trimEnd().split("\n");
    const [accepted, ...entries] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(accepted).toMatchObject({ event: "accepted", run: 1 });
    expect(accepted!["conversation_id"]).toMatch(/^[0-9a-f]{32}$/);
    const events = entries.map(({ event }) => event);
    expect(events[0]).toBe("attempt-start");
    expect(events.at(-1)).toBe("run-completed");
    const detached = await runCommand(["run", "Script", "Hi", "--json", "--detach", "--server", server.url]);
    expect(JSON.parse(detached.stdout)).toMatchObject({ event: "accepted" });
  });

  it("detaches at Ctrl-C, and the follow that it names completes the file to the exact text", async () => {
    const wait = defineTool({ inputSchema: z.object({}), execute: () => "done" });
    const puppet = createPuppet({ tools: { wait } });
    const server = await openServer({ agents: [puppet.definition] });
    const url = ["--server", server.url];
    const run = startCommand(["run", "Puppet", "Hello", ...url]);
    puppet.say("First. ", { type: "tool-call", callId: "c", name: "wait", input: {} });
    puppet.end();
    await eventually("the first step is printed", () => run.stdout() === "First. ");
    puppet.say("Second");
    await eventually("the second step is under way", () => puppet.steps.length === 2);
    run.signal("SIGINT");
    const left = await run.ended;
    expect(left.code).toBe(130);
    expect(left.stdout).toBe("First. ");
    const comeBack = /holdfast (follow \S+ --cursor \S+ --run 1 --server \S+)/.exec(left.stderr)?.[1] ?? "";
    puppet.say(" and last.");
    puppet.end();
    const rest = await runCommand(comeBack.split(" "));
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    const [conversation] = (await createHoldfastClient({ baseUrl: server.url }).conversations())
      .conversations;
    const history = await call(server, "GET", `/api/conversations/${conversation!.conversationId}`);
    expect(left.stdout + rest.stdout).toBe(history.at("runs.0.response"));
  });

  it("ends without a word when nobody reads what it prints", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const run = startCommand(["run", "Puppet", "Hello", "--json", "--server", server.url]);
    await eventually("it prints", () => run.stdout() !== "");
    run.closeStdout();
    const chatter = setInterval(() => puppet.say("word "), 5);
    onTestFinished(() => clearInterval(chatter));
    expect(await run.ended).toMatchObject({ code: 141, stderr: "" });
  });

  it("says what to do when there is no server, no such agent, or no such address", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const unknown = await runCommand(["run", "Nobody", "Hi", "--server", server.url]);
    expect(unknown).toEqual({
      code: 1,
      stdout: "",
      stderr: "holdfast: There is no agent Nobody. There are: Script.\n",
    });
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const away = await runCommand(["run", "Script", "Hi"], { environment: { HOLDFAST_URL: nowhere } });
    expect(away.code).toBe(1);
    expect(away.stderr).toBe(
      `holdfast: no Holdfast answers at ${nowhere}: start one with holdfast serve, or name another with --server.\n`,
    );
    const wrong = await runCommand(["run", "Script", "Hi", "--server", "ftp://x"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("--server");
    const empty = await runCommand(["run", "Script", "", "--server", server.url]);
    expect(empty.code).toBe(1);
  });

  it("says that a run which somebody cancels was cancelled", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const started = await startRun(server, "Puppet");
    const follow = startCommand(["follow", started.conversation, "--server", server.url]);
    await eventually("the model is asked", () => puppet.steps.length > 0);
    const cancel = ["cancel", started.conversation, "--reason", "Enough.", "--server", server.url];
    expect(await runCommand(cancel)).toMatchObject({
      code: 0,
      stdout: `Cancelled run 1 of ${started.conversation}.\n`,
    });
    const followed = await follow.ended;
    expect(followed.code).toBe(4);
    expect(followed.stderr).toContain("The run was cancelled: Enough.");
    expect(await runCommand(cancel)).toMatchObject({ code: 0, stdout: "" });
  });
});
