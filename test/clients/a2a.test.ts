import { GetTaskRequest, ListTasksRequest, CancelTaskRequest, TaskState } from "@a2a-js/sdk";
import type { Task } from "@a2a-js/sdk";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import type { AgentDefinition } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import {
  asUpdate,
  collect,
  createA2a,
  createA2aThrough,
  renderTask,
  said,
  subscription,
  textOfTask,
} from "./a2a-client.ts";
import type { TaskUpdate } from "../projections/render-task.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const CHUNKS = ["Day 1:\n", "Asakusa, ", "東京 ", "🍣", "\n\n", "data: [DONE]\n\n", " ", "the end"];
const PAY: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };
const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });

function payer(): { readonly definition: AgentDefinition; readonly paid: readonly number[] } {
  const paid: number[] = [];
  const pay = defineTool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => {
      paid.push(euros);
      return { paid: euros };
    },
  });
  const { definition } = turnsAgent([["I would pay.", PAY], ["Thank you."]], { tools: { pay } });
  return { paid, definition };
}

async function storedText(server: TestServer, conversation: string, run = 1): Promise<string> {
  const history = await call(server, "GET", `/api/conversations/${conversation}?from=${run}`);
  return history.at("runs.0.response") as string;
}

describe("the stock A2A client", () => {
  it("sends a message and waits for the task, by the agent's card", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const client = await createA2a(server.url);
    const task = (await client.sendMessage(said("Go."))) as Task;
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOfTask(task)).toBe(CHUNKS.join(""));
    expect(task.id).toBe(`${task.contextId}~1`);
    const next = (await client.sendMessage(said("And?", { contextId: task.contextId }))) as Task;
    expect(next.id).toBe(`${task.contextId}~2`);
    const listed = await client.listTasks(
      ListTasksRequest.fromJSON({ contextId: task.contextId, pageSize: 1 }),
    );
    expect(listed.tasks.map(({ id }) => id)).toEqual([next.id]);
    const rest = await client.listTasks(
      ListTasksRequest.fromJSON({ contextId: task.contextId, pageToken: listed.nextPageToken }),
    );
    expect(rest.tasks.map(({ id }) => id)).toEqual([task.id]);
    expect(rest.nextPageToken).toBe("");
  });

  it("streams a task, tools and what a stumble of the model withdrew included", async () => {
    const look = defineTool({ inputSchema: z.object({}), execute: () => ({ degrees: 21 }) });
    const turns: readonly (readonly Move[])[] = [
      ["Let me s", BUSY],
      ["Let me look.", { type: "tool-call", callId: "c1", name: "look", input: {} }],
      ["It is warm."],
    ];
    const server = await openServer({ agents: [turnsAgent(turns, { tools: { look } }).definition] });
    const client = await createA2a(server.url);
    const updates: TaskUpdate[] = [];
    for await (const response of client.sendMessageStream(said("How warm is it?"))) {
      updates.push(asUpdate(response));
    }
    const { text, states } = renderTask(updates);
    expect(text).toBe("Let me look.\n\nIt is warm.");
    expect(states).toEqual(["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]);
    expect(JSON.stringify(updates)).toContain('"degrees":21');
    expect(JSON.stringify(updates)).toContain("Let me s");
  });

  it("is cut at random, subscribes again, and has every character once", async () => {
    const seed = Date.now();
    const random = seededRandom(seed);
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = await createA2aThrough(server.url, `http://127.0.0.1:${proxy.port}`);
    const updates: TaskUpdate[] = [];
    let reading = collect(client.sendMessageStream(said("Go.")), updates);
    for (let round = 0; round < 6; round++) {
      puppet.say(...Array.from({ length: random.between(1, 4) }, () => random.pick(CHUNKS)));
      const length = renderTask(updates).text.length;
      await eventually(`more text (seed ${seed})`, () => renderTask(updates).text.length > length);
      proxy.resetAll();
      expect(await reading).toBe("broke off");
      const taskId = updates[0]!.task!.id;
      const snapshots = updates.filter(({ task }) => task).length;
      reading = collect(client.resubscribeTask(subscription(taskId)), updates);
      await eventually("it is subscribed", () => updates.filter(({ task }) => task).length > snapshots);
    }
    puppet.say("the end");
    puppet.end();
    expect(await reading).toBe("ended");
    const { contextId } = updates[0]!.task!;
    const { text, states } = renderTask(updates);
    expect(text, `seed ${seed}`).toBe(await storedText(server, contextId));
    expect(states.at(-1)).toBe("TASK_STATE_COMPLETED");
  });

  it("loses nothing to cuts that durableFetch takes from it", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
    const client = await createA2aThrough(server.url, `http://127.0.0.1:${proxy.port}`, durable);
    const updates: TaskUpdate[] = [];
    const reading = collect(client.sendMessageStream(said("Go.")), updates);
    let whole = "";
    for (const chunk of CHUNKS) {
      puppet.say(chunk);
      whole += chunk;
      await eventually("it is shown", () => renderTask(updates).text === whole);
      proxy.resetAll();
    }
    puppet.end();
    expect(await reading).toBe("ended");
    expect(renderTask(updates).text).toBe(whole);
  });

  it("cancels a task, once, and cannot subscribe to one that has ended", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const client = await createA2a(server.url);
    const updates: TaskUpdate[] = [];
    const reading = collect(client.sendMessageStream(said("Go.")), updates);
    puppet.say("half");
    await eventually("half of it", () => renderTask(updates).text === "half");
    const { id } = updates[0]!.task!;
    const cancelled = await client.cancelTask(CancelTaskRequest.fromJSON({ id }));
    expect(cancelled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    expect(textOfTask(cancelled)).toBe("half");
    expect(await reading).toBe("ended");
    expect(renderTask(updates).states.at(-1)).toBe("TASK_STATE_CANCELED");
    await expect(client.cancelTask(CancelTaskRequest.fromJSON({ id }))).rejects.toMatchObject({
      name: "TaskNotCancelableError",
    });
    await expect(client.resubscribeTask(subscription(id)).next()).rejects.toMatchObject({
      name: "UnsupportedOperationError",
    });
    const unknown = GetTaskRequest.fromJSON({ id: "nowhere~1" });
    await expect(client.getTask(unknown)).rejects.toMatchObject({ name: "TaskNotFoundError" });
  });

  it.each([
    ["in words", { text: "approve" }, [5], "I would pay.\n\nThank you."],
    ["in words", { text: "No." }, [], "I would pay.\n\nThank you."],
    [
      "with a data part",
      { data: { approvalId: "1:2:c1", approved: true } },
      [5],
      "I would pay.\n\nThank you.",
    ],
  ])(
    "answers what a task asks, %s: %o",
    async (_how, { text = "", data }: { text?: string; data?: unknown }, paid, whole) => {
      const agent = payer();
      const server = await openServer({ agents: [agent.definition] });
      const client = await createA2a(server.url);
      const updates: TaskUpdate[] = [];
      expect(await collect(client.sendMessageStream(said("Pay.")), updates)).toBe("ended");
      expect(renderTask(updates).states.at(-1)).toBe("TASK_STATE_INPUT_REQUIRED");
      const { id: taskId } = updates[0]!.task!;
      const place = { taskId, ...(data !== undefined && { data }) };
      await expect(client.sendMessage(said("Perhaps.", { taskId }))).rejects.toThrow("approve");
      expect(agent.paid).toEqual([]);
      expect(await collect(client.sendMessageStream(said(text, place)), updates)).toBe("ended");
      expect(renderTask(updates).states.at(-1)).toBe("TASK_STATE_COMPLETED");
      expect(renderTask(updates).text).toBe(whole);
      expect(agent.paid).toEqual(paid);
      await expect(client.sendMessage(said("approve", { taskId }))).rejects.toMatchObject({
        name: "UnsupportedOperationError",
      });
    },
  );

  it("waits, in one call, until a person is asked, and after the answer until the end", async () => {
    const agent = payer();
    const server = await openServer({ agents: [agent.definition] });
    const client = await createA2a(server.url);
    const asked = (await client.sendMessage(said("Pay."))) as Task;
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    const done = (await client.sendMessage(said("yes", { taskId: asked.id }))) as Task;
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOfTask(done)).toBe("I would pay.\n\nThank you.");
  });

  it("starts nothing with a message that was sent before, and tells how its task stands", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const client = await createA2a(server.url);
    const message = said("Go.", {}, { returnImmediately: true });
    const first = (await client.sendMessage(message)) as Task;
    puppet.say("half");
    await eventually("half of it", async () => {
      return textOfTask(await client.getTask(GetTaskRequest.fromJSON({ id: first.id }))) === "half";
    });
    const updates: TaskUpdate[] = [];
    const reading = collect(client.sendMessageStream(message), updates);
    puppet.end();
    expect(await reading).toBe("ended");
    expect(renderTask(updates).text).toBe("half");
    expect(updates[0]!.task!.id).toBe(first.id);
    expect(puppet.steps).toHaveLength(1);
  });

  it("finds a run that was started on the native API, and one of another agent nowhere", async () => {
    const server = await openServer({
      agents: [scriptAgent(["Hi."]), scriptAgent(["Ho."], { name: "Other" })],
    });
    const started = await startRun(server, "Script");
    const client = await createA2a(server.url);
    const id = `${started.conversation}~1`;
    await eventually("it is done", async () => {
      return textOfTask(await client.getTask(GetTaskRequest.fromJSON({ id }))) === "Hi.";
    });
    const other = await createA2a(`${server.url}/a2a/Other`.replace(/\/?$/, "/"));
    await expect(other.getTask(GetTaskRequest.fromJSON({ id }))).rejects.toMatchObject({
      name: "TaskNotFoundError",
    });
  });

  it("still has a task when its stream has expired", async () => {
    let now = Date.now();
    const server = await openServer({
      agents: [scriptAgent(["Hi."])],
      storeOptions: { now: () => now, streamTtlMs: 1000 },
    });
    const client = await createA2a(server.url);
    const { id } = (await client.sendMessage(said("Go."))) as Task;
    now += 3_600_000;
    const task = await client.getTask(GetTaskRequest.fromJSON({ id }));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOfTask(task)).toBe("Hi.");
  });
});

describe("A2A on the wire", () => {
  const rpc = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: "a", method, params });

  it.each<[string, unknown, Record<string, string>, number]>([
    ["no JSON", "{", {}, -32_700],
    ["no request", { hello: 1 }, {}, -32_600],
    ["a batch", [rpc("GetTask")], {}, -32_600],
    ["a notification", { jsonrpc: "2.0", method: "GetTask" }, {}, -32_600],
    ["an unknown method", rpc("message/send"), {}, -32_601],
    ["an inherited method", rpc("toString"), {}, -32_601],
    ["another version", rpc("GetTask", { id: "x~1" }), { "a2a-version": "0.3" }, -32_009],
    ["no task", rpc("GetTask", {}), {}, -32_602],
    ["an unknown task", rpc("CancelTask", { id: "x~1" }), {}, -32_001],
    ["no message", rpc("SendMessage", {}), {}, -32_602],
    [
      "a file",
      rpc("SendMessage", { message: { messageId: "m", role: "ROLE_USER", parts: [{ url: "x" }] } }),
      {},
      -32_005,
    ],
    [
      "an answer that is no text",
      rpc("SendMessage", {
        message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "x" }] },
        configuration: { acceptedOutputModes: ["image/png"] },
      }),
      {},
      -32_005,
    ],
    ["push", rpc("CreateTaskPushNotificationConfig", {}), {}, -32_003],
    ["an extended card", rpc("GetExtendedAgentCard"), {}, -32_007],
    ["tasks of nowhere", rpc("ListTasks", {}), {}, -32_602],
  ])("refuses %s with its number", async (_what, body, headers, number) => {
    const server = await openServer({ agents: [scriptAgent(["Hi."])] });
    const answer = await call(server, "POST", "/a2a", body, headers);
    expect(answer.status).toBe(200);
    expect(answer.at("error.code")).toBe(number);
    expect(answer.at("error.message")).toEqual(expect.any(String));
  });

  it("takes a message for the same only by an id that no other client has", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hi."])] });
    const taskFor = async (messageId: string): Promise<unknown> => {
      const message = { messageId, role: "ROLE_USER", parts: [{ text: "Hello." }] };
      return (await call(server, "POST", "/a2a", rpc("SendMessage", { message }))).at("result.task.id");
    };
    expect(await taskFor("user-message-0001")).not.toBe(await taskFor("user-message-0001"));
    const own = crypto.randomUUID();
    expect(await taskFor(own)).toBe(await taskFor(own));
  });
});

afterAll(() => {
  recordSupport({
    client: "@a2a-js/sdk",
    version: installedVersion("@a2a-js/sdk"),
    start: "yes",
    stream: "yes",
    resume: "`resubscribeTask()`, or by itself over `durableFetch`",
    exact: "yes",
    cancel: "yes",
    approve: "yes",
  });
});
