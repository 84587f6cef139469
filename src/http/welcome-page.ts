/** What a browser finds at `/`: where the API is. */
export const WELCOME_PAGE = `<!doctype html>
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
</ul>
</html>
`;
