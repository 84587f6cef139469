/** Why there is a plain page where the console could be. */
type ConsoleAbsence = "off" | "not-built";

const NOTES: Record<ConsoleAbsence, string> = {
  off: "",
  "not-built":
    "\n<p>The web console is not built. <code>npm run build</code>, where this package lies, builds it; then load this page again.</p>",
};

/** What a browser finds at `/` in the console's place: where the API is. */
export function welcomePage(absence: ConsoleAbsence): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid; border-radius: .4rem }
</style>
<h1>Holdfast</h1>
<p>Durable AI agents whose streams never let go. Start a run, cut the stream, come back with the cursor:</p>
<pre>curl -i -N -X POST http://localhost:7071/api/agent/create \\
  -H "Content-Type: text/plain" -H "Accept: text/plain" \\
  -d "Plan a 3-day trip to Tokyo"</pre>
<ul>
  <li><a href="/api/health">Health, and the agents</a></li>
  <li><a href="/api/conversations">Conversations</a></li>
  <li><a href="/openapi.json">The API as OpenAPI</a></li>
  <li><a href="/metrics">Metrics</a></li>
</ul>${NOTES[absence]}
</html>
`;
}
