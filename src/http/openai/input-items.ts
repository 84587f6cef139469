import type { JsonObject, Message } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import type { RunDescription } from "../../runtime/index.ts";
import { refusal } from "./openai-error.ts";

/** How many items a page has, unless the request says otherwise, and at most. */
const PAGE = 20;
const MAX_PAGE = 100;

/** What a request brought along, a page of it: the messages before its own, and its own. */
export function inputItemsPage(run: RunDescription, query: URLSearchParams): JsonObject {
  const { order, limit, after } = readPage(query);
  const items = inputItems(run);
  const ordered = order === "asc" ? items : items.toReversed();
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== null && start === 0) {
    throw refusal("after", "invalid_value", `after: there is no input item ${after}.`);
  }
  const page = ordered.slice(start, start + limit);
  return {
    object: "list",
    data: page,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: start + page.length < ordered.length,
  };
}

function readPage(query: URLSearchParams): {
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly after: string | null;
} {
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw refusal("order", "invalid_value", "order is asc or desc.");
  const text = query.get("limit") ?? String(PAGE);
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_PAGE) {
    throw refusal("limit", "invalid_value", `limit is a whole number from 1 to ${MAX_PAGE}.`);
  }
  return { order, limit, after: query.get("after") };
}

type InputItemJson = JsonObject & { readonly id: string };

function inputItems(run: RunDescription): readonly InputItemJson[] {
  const name = runName(run);
  const own: Message = { role: "user", content: [{ type: "text", text: run.input }] };
  return [...(run.preceding ?? []), own].flatMap((message, index) => itemsOfMessage(message, name, index));
}

/** Tool results are told with their calls by the response that they were part of. */
function itemsOfMessage(message: Message, name: string, index: number): readonly InputItemJson[] {
  const text = message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  if (text === "") return [];
  const type = message.role === "user" ? "input_text" : "output_text";
  return [
    {
      id: `msg_${name}_input_${index}`,
      type: "message",
      status: "completed",
      role: message.role === "user" ? "user" : "assistant",
      content: [{ type, text, ...(type === "output_text" && { annotations: [] }) }],
    },
  ];
}
