import { randomUUID } from "node:crypto";
import { SendMessageRequest, SubscribeToTaskRequest, StreamResponse } from "@a2a-js/sdk";
import type { Task } from "@a2a-js/sdk";
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import type { Client } from "@a2a-js/sdk/client";
import { renderTask } from "../projections/render-task.ts";
import type { TaskUpdate } from "../projections/render-task.ts";

/** The stock client, led to a server by its agent card. */
export function createA2a(url: string, fetchImpl: typeof fetch = fetch): Promise<Client> {
  return createAt(url, fetchImpl);
}

/** The same led to another address than the card says, as behind a load balancer. */
export async function createA2aThrough(
  cardUrl: string,
  address: string,
  fetchImpl: typeof fetch = fetch,
): Promise<Client> {
  const through: typeof fetch = (input, init) =>
    fetchImpl(String(input instanceof Request ? input.url : input).replace(cardUrl, address), init);
  return createAt(cardUrl, through);
}

function createAt(url: string, fetchImpl: typeof fetch): Promise<Client> {
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  });
  return factory.createFromUrl(url);
}

/** What a client says, in the form that the client wants. */
export function said(
  text: string,
  place: { readonly taskId?: string; readonly contextId?: string; readonly data?: unknown } = {},
  configuration: { readonly returnImmediately?: boolean } = {},
): SendMessageRequest {
  const { data, ...where } = place;
  return SendMessageRequest.fromJSON({
    message: {
      messageId: randomUUID(),
      role: "ROLE_USER",
      parts: [data === undefined ? { text } : { data }],
      ...where,
    },
    configuration,
  });
}

export function subscription(taskId: string): SubscribeToTaskRequest {
  return SubscribeToTaskRequest.fromJSON({ id: taskId });
}

/** What a client was told, as it came on the wire. */
export function asUpdate(response: StreamResponse): TaskUpdate {
  return StreamResponse.toJSON(response) as TaskUpdate;
}

export function textOfTask(task: Task): string {
  return task.artifacts
    .flatMap(({ parts }) => parts)
    .map(({ content }) => (content?.$case === "text" ? content.value : ""))
    .join("");
}

/** Keeps what comes, also when it breaks off. */
export async function collect(
  stream: AsyncIterable<StreamResponse>,
  updates: TaskUpdate[],
): Promise<"ended" | "broke off"> {
  try {
    for await (const response of stream) updates.push(asUpdate(response));
    return "ended";
  } catch {
    return "broke off"; // The cut: the caller subscribes again.
  }
}

export { renderTask };
