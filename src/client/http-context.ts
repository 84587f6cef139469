/** Headers of every request: fixed, or made for each, so that a token can be renewed. */
export type ClientHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** How requests reach the server. */
export interface HttpContext {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly headers: ClientHeaders;
  /** In [0, 1). */
  readonly random: () => number;
}

export async function headersOf({ headers }: HttpContext): Promise<Readonly<Record<string, string>>> {
  return typeof headers === "function" ? headers() : headers;
}

/** An absolute address: the base may have a path of its own, behind a proxy for instance. */
export function addressOf({ baseUrl }: HttpContext, path: string): string {
  return baseUrl.replace(/\/+$/, "") + path;
}
