// The reader, in a process of its own: does one measurement at a time, as told over IPC.
import { measureLatency, measureReplay } from "./measurements.ts";
import type { Measurement } from "./measurements.ts";

process.on("message", (measurement: Measurement) => {
  const measured = measurement.kind === "latency" ? measureLatency(measurement) : measureReplay(measurement);
  measured.then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.once("disconnect", () => process.exit());
