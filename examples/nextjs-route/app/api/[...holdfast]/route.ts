import { getHoldfast } from "../../../holdfast.ts";

/** Everything under /api that has no route of its own. */
async function answer(request: Request): Promise<Response> {
  const holdfast = await getHoldfast();
  return holdfast.fetch(request);
}

export { answer as DELETE, answer as GET, answer as HEAD, answer as OPTIONS, answer as POST };

/** Runs go on in this process after the request that started them: not on the edge, and nothing is built ahead. */
export const runtime = "nodejs";
export const dynamic = "force-dynamic";
