/** What the server says of itself when it starts. */
export interface BannerFacts {
  readonly host: string;
  readonly port: number;
  readonly agents: readonly string[];
  readonly model: string;
  readonly modelIsDemo: boolean;
  readonly store: string;
  readonly engine: string;
  readonly streamTtlMs: number;
}

/** Which model, store, engine and retention are in use, how to change each, and what to try first. */
export function banner(facts: BannerFacts): string {
  const url = `http://${facts.host.includes(":") ? `[${facts.host}]` : facts.host}:${facts.port}`;
  const shown = url.replace("127.0.0.1", "localhost");
  const minutes = facts.streamTtlMs / 60_000;
  const rows = [
    ["agents", facts.agents.join(", "), ""],
    ["model", facts.model, "OPENAI_API_KEY or AZURE_OPENAI_ENDPOINT"],
    ["store", facts.store, "REDIS_CONNECTION_STRING, HOLDFAST_DATA_DIR"],
    ["engine", facts.engine, "follows the store"],
    ["streams kept", `${minutes} min after the last write`, "REDIS_STREAM_TTL_MINUTES"],
  ] as const;
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(
    ([name, value, change]) =>
      `  ${name.padEnd(13)} ${change === "" ? value : `${value.padEnd(width)}   (${change})`}`,
  );
  const [agent] = facts.agents;
  return [
    `Holdfast serves ${shown}`,
    ...lines,
    "",
    ...(facts.modelIsDemo ? ["  No model is configured: an offline demo planner answers.", ""] : []),
    `Open ${shown} in a browser, or try:`,
    `  curl -i -N ${shown}/api/agent/create -H "Content-Type: text/plain" -H "Accept: text/plain" \\`,
    `    -d "Plan a 3-day trip to Tokyo"${agent === "TravelPlanner" ? "" : `   # asks ${agent}`}`,
    "",
  ].join("\n");
}
