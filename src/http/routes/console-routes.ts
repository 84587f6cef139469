import { AgentError } from "../../core/index.ts";
import type { ConsoleFile } from "../console-files.ts";
import { isKnown } from "../if-none-match.ts";
import { mountPathOf } from "../mount-at.ts";
import type { Call, Route } from "../route.ts";
import { welcomePage } from "../welcome-page.ts";

/** The web console: its page, and what the page refers to. */
export const CONSOLE_ROUTES: readonly Route[] = [
  { method: "GET", path: "/", handle: getConsole },
  { method: "GET", path: "/console/assets/{file}", handle: getConsoleAsset },
];

/**
 * The page may load what this server gives and nothing else, run no code that is not in a file of it, be put in no frame,
 * and give away no address of a conversation.
 */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** A page is asked for again each time, and sent again when it has changed: it names the assets of its own build. */
const PAGE_CACHING = "no-cache";

/** Another content has another name. */
const ASSET_CACHING = "public, max-age=31536000, immutable";

async function getConsole({ request, settings }: Call): Promise<Response> {
  const page = await settings.console?.page();
  if (page) {
    const headers = { ...PAGE_HEADERS, "cache-control": PAGE_CACHING };
    return fileResponse(request, pageAt(mountPathOf(request), page), headers);
  }
  return new Response(welcomePage(settings.console === undefined ? "off" : "not-built"), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

/**
 * The page refers to its assets from where it is, which below a path with no slash at its end is one step short: there it
 * names the path. The path is one that a request was found under, so it is encoded as an address has to be.
 */
function pageAt(mountPath: string, page: ConsoleFile): ConsoleFile {
  if (mountPath === "") return page;
  const html = new TextDecoder().decode(page.bytes).replaceAll('"./console/', () => `"${mountPath}/console/`);
  return { ...page, bytes: new TextEncoder().encode(html), gzipped: undefined };
}

async function getConsoleAsset({ request, settings, parameter }: Call): Promise<Response> {
  const name = parameter("file");
  const file = await settings.console?.asset(name);
  if (!file) throw new AgentError("route_not_found", `The console has no file ${name}.`);
  return fileResponse(request, file, {
    "cache-control": ASSET_CACHING,
    "x-content-type-options": "nosniff",
  });
}

function fileResponse(
  request: Request,
  { bytes, gzipped, contentType, etag }: ConsoleFile,
  more: Readonly<Record<string, string>>,
): Response {
  const headers: Record<string, string> = { ...more, etag, vary: "accept-encoding" };
  if (isKnown(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const compressed = gzipped && takesGzip(request) ? gzipped : undefined;
  const body = compressed ?? bytes;
  return new Response(body, {
    headers: {
      ...headers,
      "content-type": contentType,
      "content-length": String(body.byteLength),
      ...(compressed && { "content-encoding": "gzip", etag: `W/${etag}` }),
    },
  });
}

function takesGzip(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding")?.split(",") ?? [];
  return accepted.some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(coding));
}
