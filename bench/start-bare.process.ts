// The least that a process has to do before it can answer a request.
import { createServer } from "node:net";

const server = createServer((socket) => {
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.({ port: address.port });
});
process.once("disconnect", () => process.exit());
