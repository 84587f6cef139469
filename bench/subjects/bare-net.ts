import { chunksOf } from "../order.ts";
import { doneFrame, frameOf, serveRaw } from "./raw-http.ts";
import type { Audience } from "./raw-http.ts";
import type { StartSubject } from "./subject.ts";

/** The floor of all floors: each chunk piped straight to its sockets, framed once, stored nowhere. */
export const startBareNet: StartSubject = async () => {
  const port = await serveRaw({
    async create(_stream, order, audience) {
      let seq = 0;
      for await (const chunk of chunksOf(order)) send(audience, frameOf(`1-${++seq}`, chunk));
      send(audience, doneFrame(`1-${++seq}`));
    },
  });
  return { port };
};

function send(audience: Audience, frame: string): void {
  const bytes = Buffer.from(frame);
  for (const socket of audience) socket.write(bytes);
}
