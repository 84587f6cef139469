/** The result of one A2A answer, as it is on the wire. */
export interface TaskUpdate {
  readonly task?: {
    readonly id: string;
    readonly contextId: string;
    readonly status: { readonly state: string };
    readonly artifacts?: readonly ArtifactJson[];
  };
  readonly statusUpdate?: { readonly status: { readonly state: string } };
  readonly artifactUpdate?: { readonly artifact: ArtifactJson; readonly append?: boolean };
}

interface ArtifactJson {
  readonly artifactId: string;
  readonly parts: readonly { readonly text?: string }[];
}

/** What a client of A2A makes of what it is told: the text of all artifacts, and the states that it saw. */
export function renderTask(updates: readonly TaskUpdate[]): {
  readonly text: string;
  readonly states: readonly string[];
} {
  const artifacts = new Map<string, string>();
  const states: string[] = [];
  for (const { task, statusUpdate, artifactUpdate } of updates) {
    if (task) {
      artifacts.clear();
      for (const { artifactId, parts } of task.artifacts ?? []) artifacts.set(artifactId, textOf(parts));
    }
    const state = task?.status.state ?? statusUpdate?.status.state;
    if (state !== undefined && state !== states.at(-1)) states.push(state);
    if (artifactUpdate) {
      const { artifact, append } = artifactUpdate;
      const before = append ? (artifacts.get(artifact.artifactId) ?? "") : "";
      artifacts.set(artifact.artifactId, before + textOf(artifact.parts));
    }
  }
  return { text: [...artifacts.values()].join(""), states };
}

function textOf(parts: ArtifactJson["parts"]): string {
  return parts.map(({ text = "" }) => text).join("");
}
