import { expect, it } from "vitest";
import type { Delivery } from "../../src/client/react/index.ts";
import { createMessageList } from "../../src/client/react/message-list.ts";
import type { MessageSources } from "../../src/client/react/message-list.ts";
import type { OutboxMessage } from "../../src/client/react/outbox.ts";
import { beginRun } from "../../src/client/react/run-view.ts";

function waiting(key: string, text: string, delivery: Delivery = { state: "sending" }): OutboxMessage {
  return { key, text, options: {}, at: 0, after: 0, delivery };
}

function listed({ transcript, outbox = [], sentFromHere = new Map() }: Partial<MessageSources>) {
  const sources = { transcript: transcript ?? { runs: [] }, outbox, sentFromHere };
  return createMessageList()(sources).map(({ id, text }) => `${id}: ${text}`);
}

it("a message whose run is in the stream before its sending is answered is seen once, under its own name", () => {
  const transcript = { runs: [beginRun(1, "a\nb")] };
  expect(listed({ transcript, outbox: [waiting("k", "a\r\nb")] })).toEqual(["k: a\nb", "agent-1: "]);
});

it("the same said twice is seen twice, whatever is known of either", () => {
  const transcript = { runs: [beginRun(1, "again")] };
  expect(listed({ transcript, outbox: [waiting("k1", "again"), waiting("k2", "again")] })).toEqual([
    "k1: again",
    "agent-1: ",
    "k2: again",
  ]);
  const sentFromHere = new Map([[1, "k1"]]);
  expect(listed({ transcript, outbox: [waiting("k2", "again")], sentFromHere })).toEqual([
    "k1: again",
    "agent-1: ",
    "k2: again",
  ]);
});

it("what another has said before is not taken for a message's own run", () => {
  const transcript = { runs: [beginRun(1, "hello")] };
  const outbox = [{ ...waiting("k", "hello"), after: 1 }];
  expect(listed({ transcript, outbox })).toEqual(["user-1: hello", "agent-1: ", "k: hello"]);
});
