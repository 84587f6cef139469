import { useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import type { AgentMessage, ConversationSnapshot } from "holdfast/react";
import { captionOf } from "./line-caption.ts";
import { CurvesPicture } from "./curves-picture.tsx";
import { Exactness } from "./exactness.tsx";
import { PlugButton } from "./plug-button.tsx";
import type { Recorder } from "./recording.ts";

interface LinePanelProps {
  readonly conversation: ConversationSnapshot;
  readonly answer: AgentMessage | undefined;
  readonly recorder: Recorder;
  readonly isPulled: boolean;
  /** Said in the place of what would be said by itself. */
  readonly caption: string | undefined;
  readonly onPlug: () => void;
}

/** The line between the server and this page: a plug to pull, and what became of the text. */
export function LinePanel({
  conversation,
  answer,
  recorder,
  isPulled,
  caption,
  onPlug,
}: LinePanelProps): ReactNode {
  const recording = useSyncExternalStore(recorder.subscribe, recorder.getRecording);
  const { conversationId, connection, cursor } = conversation;
  const told = caption ?? captionOf({ conversation, isPulled, recording });
  return (
    <section
      className="line"
      aria-label="Connection"
      data-pulled={isPulled || undefined}
      data-status={conversation.status}
    >
      <PlugButton isPulled={isPulled} onPlug={onPlug} />
      <div className="line-picture">
        <p className="caption">{told}</p>
        <CurvesPicture recording={recording} isPulled={isPulled} />
      </div>
      <dl className="line-facts">
        <div>
          <dt>Cursor</dt>
          <dd className="number" data-fact="cursor">
            {cursor ?? "–"}
          </dd>
        </div>
        <div>
          <dt>Reconnects</dt>
          <dd className="number" data-fact="reconnects">
            {connection.reconnects}
          </dd>
        </div>
        <div>
          <dt>Exactness</dt>
          <dd data-fact="exactness">
            <Exactness conversationId={conversationId} answer={answer} />
          </dd>
        </div>
      </dl>
    </section>
  );
}
