import type { ReactNode } from "react";

const TRIPS = [
  "Plan a 3-day trip to Tokyo",
  "A weekend in Lisbon, by train and on foot",
  "Five days in Kyoto in autumn",
];

/** Long to answer, whoever answers. */
const ANYTHING = [
  "Tell me at length how lighthouses came to be",
  "Explain tides to a ten-year-old, in detail",
];

/** What there is to see before anything was asked. */
export function Welcome({
  agent,
  onAsk,
  onDemonstrate,
}: {
  readonly agent: string;
  readonly onAsk: (message: string) => void;
  readonly onDemonstrate: (message: string) => void;
}): ReactNode {
  const suggestions = /travel|trip/i.test(agent) ? TRIPS : ANYTHING;
  return (
    <section className="welcome">
      <h1>
        Pull the plug.
        <br />
        The answer holds.
      </h1>
      <p className="lead">
        Every word an agent writes is stored before you see it. Lose the network, close the window, kill the
        server: the answer goes on at the very character where you lost it.
      </p>
      <p>
        <button type="button" className="primary" onClick={() => onDemonstrate(suggestions[0] ?? "")}>
          Show me in ten seconds
        </button>
      </p>
      <h2>Or ask</h2>
      <ul className="suggestions">
        {suggestions.map((suggestion) => (
          <li key={suggestion}>
            <button type="button" onClick={() => onAsk(suggestion)}>
              {suggestion}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
