import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { startResponsesUpstream } from "./responses-upstream.fixture.ts";

test("the upstream of the tests is one that OpenAI's own client takes for OpenAI's", async () => {
  const upstream = await startResponsesUpstream(() => ({
    items: [
      { type: "reasoning", tokens: ["Hm."], encryptedContent: "e" },
      { type: "message", tokens: ["It ", "rains."] },
      { type: "function_call", tokens: ["{", "}"], callId: "c", name: "weather" },
    ],
  }));
  onTestFinished(() => upstream.close());
  const client = new OpenAI({ apiKey: "key", baseURL: upstream.url, maxRetries: 0 });
  // Its helper checks the order and the fields of every event.
  const stream = client.responses.stream({ model: "m", input: "Hello", background: true, store: true });
  const response = await stream.finalResponse();
  expect(response.output_text).toBe("It rains.");
  expect(response.output.map((item) => item.type)).toEqual(["reasoning", "message", "function_call"]);

  const positions: number[] = [];
  const rest = await client.responses.retrieve(response.id, { stream: true, starting_after: 9 });
  for await (const event of rest) positions.push(event.sequence_number);
  expect(positions[0]).toBe(10);
  expect((await client.responses.cancel(response.id)).status).toBe("completed");
  await expect(client.responses.retrieve("resp_unknown")).rejects.toMatchObject({ status: 404 });
});
