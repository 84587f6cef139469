// The reader, in a process of its own: does one measurement at a time, as told over IPC.
import { holdViewers, measureFanOut, releaseViewers } from "./client/fan-out.ts";
import { measureLatency } from "./client/latency.ts";
import type { Found, Measurement } from "./client/measurement.ts";
import { measureReplay, measureResume, measureWall, prepareStream } from "./client/one-stream.ts";

process.on("message", (measurement: Measurement) => {
  measure(measurement).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.once("disconnect", () => process.exit());

async function measure(measurement: Measurement): Promise<Found> {
  switch (measurement.kind) {
    case "latency":
      return measureLatency(measurement);
    case "fan-out":
      return measureFanOut(measurement);
    case "hold":
      return holdViewers(measurement);
    case "release":
      return releaseViewers();
    case "prepare":
      return prepareStream(measurement.port, measurement.order);
    case "replay":
      return measureReplay(measurement);
    case "resume":
      return measureResume(measurement);
    case "wall":
      return measureWall(measurement);
  }
}
