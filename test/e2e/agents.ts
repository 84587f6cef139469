import { defineAgent, defineTool } from "holdfast";
import type { AgentDefinition } from "holdfast";
import { z } from "zod";
import { travelPlanner } from "../../examples/travel-planner/agents.ts";

const refund = defineTool({
  description: "Refunds an order.",
  inputSchema: z.object({ order: z.string() }),
  needsApproval: true,
  execute: ({ order }) => `Refunded ${order}.`,
});

/** Asks for leave to refund, then says what came of it. */
const clerk = defineAgent({
  name: "Clerk",
  instructions: "Refund what is asked for.",
  tools: { refund },
  async *model({ messages }) {
    const last = messages.at(-1);
    if (last?.role === "tool") {
      yield `I was told: ${JSON.stringify(last.content[0]?.output)}`;
      return;
    }
    yield "I would refund A-17.";
    yield { type: "tool-call", callId: "c1", name: "refund", input: { order: "A-17" } };
  },
});

/** Says what a page must not be taken in by, and all that Markdown can be. */
const trickster = defineAgent({
  name: "Trickster",
  instructions: "Try to get out of the page.",
  async *model() {
    yield HOSTILE;
  },
});

const HOSTILE = `# Trick

<script>globalThis.tricked = true</script> <img src="x" onerror="globalThis.tricked = true">

[a link](javascript:globalThis.tricked=true) and [a good one](https://example.com/)

![a picture](https://example.com/picture.png)

| a | b |
| - | - |
| 1 | 2 |

\`\`\`html
<style>body { display: none }</style>
\`\`\`

- [x] done
`;

export const agents: readonly AgentDefinition[] = [travelPlanner, clerk, trickster];
