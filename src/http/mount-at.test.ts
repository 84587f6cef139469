import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createNodeListener } from "./hosts/node-host.ts";
import { mountAt } from "./mount-at.ts";

const echo = mountAt("/assistant/", async (request) => {
  const { pathname, search } = new URL(request.url);
  const headers = { location: "/api/there", "content-location": "https://elsewhere/api/there" };
  return Response.json(`${request.method} ${pathname}${search} ${await request.text()}`, { headers });
});

async function ask(path: string, init?: RequestInit): Promise<Response> {
  return echo(new Request(`http://localhost${path}`, init));
}

it("a mounted handler is asked without the path, and its answers point below it", async () => {
  const response = await ask("/assistant/api/here?x=1", { method: "POST", body: "body" });
  expect(await response.json()).toBe("POST /api/here?x=1 body");
  expect(response.headers.get("location")).toBe("/assistant/api/there");
  expect(response.headers.get("content-location")).toBe("https://elsewhere/api/there");
  expect(await (await ask("/assistant")).json()).toBe("GET / ");
});

it.each(["/", "/assistants/api", "/api/here", "/other/assistant/api"])(
  "what is not below the path is not found: %s",
  async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "route_not_found" } });
  },
);

it("a path to mount at begins with a slash, and the root is no mount", () => {
  const handler = async () => new Response();
  expect(() => mountAt("assistant", handler)).toThrow(TypeError);
  expect(mountAt("/", handler)).toBe(handler);
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const listener = createNodeListener(echo);

it("a listener is told the whole address by routers that take their own path off", async () => {
  const url = await listen((request, response) => {
    listener(Object.assign(request, { originalUrl: request.url, url: "/api/here" }), response);
  });
  const response = await fetch(`${url}/assistant/api/here`, { method: "POST", body: "body" });
  expect(await response.json()).toBe("POST /api/here body");
});

it("a listener behind a body parser says so, and does not wait for a body that will never come", async () => {
  const url = await listen((request, response) => {
    request.resume().once("end", () => {
      expect(() => listener(request, response)).toThrow(/before body parsers/);
      response.end("said so");
    });
  });
  const response = await fetch(`${url}/assistant/api/here`, { method: "POST", body: "body" });
  expect(await response.text()).toBe("said so");
});
