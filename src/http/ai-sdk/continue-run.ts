import type { AiSdkVersion } from "../../projections/ai-sdk/index.ts";
import { answerApprovals, describeRun } from "../../runtime/index.ts";
import type { Call } from "../route.ts";
import type { AnsweredApprovals } from "./chat-request.ts";
import { chatStream, projectionOf } from "./chat-stream.ts";
import { runSoFar } from "./run-so-far.ts";

/** Gives a parked run a person's answers, and streams what comes after its wait. Throws `approval_not_found`. */
export async function continueRun(
  call: Call,
  chat: AnsweredApprovals,
  version: AiSdkVersion,
): Promise<Response> {
  const { runtime } = call;
  const { conversation } = chat.run;
  await answerApprovals(runtime, conversation, chat.verdicts);
  const run = await describeRun(runtime, conversation, chat.run.run);
  const { waits, answered, chunks } = await runSoFar(runtime, projectionOf(version), run);
  const answers = new Set(chat.verdicts.map(({ approvalId }) => approvalId));
  // The client may have come no further than the first wait for any of them.
  const wait = waits.find(({ approvals }) => approvals.some((approval) => answers.has(approval)));
  return chatStream(call, { run, version, from: wait?.next ?? chunks, counts: chat.counts, answered });
}
