import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import { createOpenAi, nativePlace, textOfEvents } from "./openai-client.ts";

function payment(callId: string, euros: number): Move {
  return { type: "tool-call", callId, name: "pay", input: { euros } };
}

/** An agent that wants to pay and must ask first. */
async function openPayer(...payments: readonly Move[]) {
  const paid: number[] = [];
  const pay = defineTool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => {
      paid.push(euros);
      return `paid ${euros}`;
    },
  });
  const agent = turnsAgent([["I would pay.", ...payments], ["Thank you."]], { tools: { pay } });
  const server = await openServer({ agents: [agent.definition] });
  return { server, paid, agent, client: createOpenAi(server.port) };
}

function requestsIn({
  output,
}: OpenAI.Responses.Response): readonly { readonly id: string; readonly name: string }[] {
  return output.filter((item) => item.type === "mcp_approval_request");
}

function verdict(request: { readonly id: string } | undefined, approve: boolean) {
  return { type: "mcp_approval_response", approval_request_id: request!.id, approve } as const;
}

function say(content: string) {
  return { role: "user", content } as const;
}

describe("a tool that needs a person's leave", () => {
  it("ends the response with a request; the answer brings the next, of the same run", async () => {
    const { server, paid, client, agent } = await openPayer(payment("c1", 5));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    expect(first).toMatchObject({ status: "completed", output_text: "I would pay." });
    const [request] = requestsIn(first);
    expect(request).toMatchObject({ name: "pay", server_label: "Script", arguments: '{"euros":5}' });
    expect(paid).toEqual([]);
    const answer = { model: "Script", previous_response_id: first.id, input: [verdict(request, true)] };
    const second = await client.responses.create(answer);
    expect(second).toMatchObject({
      id: `${first.id}.2`,
      status: "completed",
      previous_response_id: first.id,
    });
    expect(second.output[0]).toMatchObject({
      type: "mcp_call",
      output: "paid 5",
      approval_request_id: request!.id,
    });
    const { conversation } = nativePlace(first);
    const history = await call(server, "GET", `/api/conversations/${conversation}`);
    expect(history.at("runs")).toHaveLength(1);
    expect(first.output_text + second.output_text).toBe(history.at("runs.0.response"));
    expect(await client.responses.create(answer)).toMatchObject({
      id: second.id,
      output_text: second.output_text,
    });
    expect(await client.responses.retrieve(first.id)).toMatchObject({
      status: "completed",
      output: first.output,
    });
    expect(paid).toEqual([5]);
    expect(agent.steps).toHaveLength(2);
  });

  it("ends the stream too, and the answer's stream goes on from there, each resumable by itself", async () => {
    const { client } = await openPayer(payment("c1", 5));
    const first = await client.responses.stream({ model: "Script", input: "Pay." }).finalResponse();
    const [request] = requestsIn(first);
    const stream = client.responses.stream({ model: "Script", input: [verdict(request, true)] });
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    stream.on("event", (event) => events.push(event));
    const second = await stream.finalResponse();
    expect(second).toMatchObject({ id: `${first.id}.2`, output_text: "\n\nThank you." });
    expect(textOfEvents(events)).toBe(second.output_text);
    for (const { id, output_text: text } of [first, second]) {
      const again = client.responses.stream({ response_id: id });
      expect((await again.finalResponse()).output_text).toBe(text);
    }
  });

  it("is not executed when it is refused, and the model is told", async () => {
    const { client, paid, agent } = await openPayer(payment("c1", 5));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    const second = await client.responses.create({
      model: "Script",
      input: [{ ...verdict(requestsIn(first)[0], false), reason: "Too much." }],
    });
    expect(second.output.map(({ type }) => type)).toEqual(["message"]);
    expect(agent.steps[1]!.messages.at(-1)).toMatchObject({
      content: [{ output: { type: "execution-denied", reason: "Too much." } }],
    });
    expect(paid).toEqual([]);
  });

  it("is asked about together with others, and answered together", async () => {
    const { client, paid } = await openPayer(payment("c1", 5), payment("c2", 7));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    const requests = requestsIn(first);
    expect(requests).toHaveLength(2);
    const second = await client.responses.create({
      model: "Script",
      input: requests.map((request) => verdict(request, true)),
    });
    expect(second.output.filter(({ type }) => type === "mcp_call")).toHaveLength(2);
    expect(second.output_text).toBe("\n\nThank you.");
    expect(new Set(paid)).toEqual(new Set([5, 7]));
  });

  it("is answered together with others also where a new message comes along", async () => {
    const { paid, client } = await openPayer(payment("c1", 5), payment("c2", 7));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    const input = [...requestsIn(first).map((each) => verdict(each, true)), say("And now?")];
    const next = await client.responses.create({ previous_response_id: first.id, input });
    expect(next).toMatchObject({ status: "completed", output_text: "Thank you." });
    expect(new Set(paid)).toEqual(new Set([5, 7]));
    // The run waited once: all that came of both answers is one response.
    const rest = await client.responses.retrieve(`${first.id}.2`);
    expect(rest.output.map(({ type }) => type)).toEqual(["mcp_call", "mcp_call", "message"]);
  });

  it("is asked about again where only another was answered", async () => {
    const { client, paid } = await openPayer(payment("c1", 5), payment("c2", 7));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    const [one, two] = requestsIn(first);
    const second = await client.responses.create({ model: "Script", input: [verdict(one, true)] });
    expect(requestsIn(second)).toMatchObject([{ id: two!.id }]);
    const third = await client.responses.create({ model: "Script", input: [verdict(two, true)] });
    expect(third).toMatchObject({ id: `${first.id}.3`, output_text: "\n\nThank you." });
    expect(paid).toEqual([5, 7]);
  });

  it("can be cancelled while it waits, and is seen to wait by the native API", async () => {
    const { server, client, paid } = await openPayer(payment("c1", 5));
    const first = await client.responses.create({ model: "Script", input: "Pay." });
    const { conversation } = nativePlace(first);
    const path = `/api/agents/Script/run/${conversation}`;
    await eventually("it waits", async () => (await call(server, "GET", path)).at("status") === "Suspended");
    expect(await client.responses.cancel(first.id)).toMatchObject({ id: first.id, status: "cancelled" });
    const late = client.responses.create({ model: "Script", input: [verdict(requestsIn(first)[0], true)] });
    await expect(late).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(paid).toEqual([]);
  });
});
