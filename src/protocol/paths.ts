/** Where things are, for links and for clients. */
export function streamPath(conversationId: string, run?: number): string {
  const path = `/api/agent/stream/${encodeURIComponent(conversationId)}`;
  return run === undefined ? path : `${path}?run=${run}`;
}

export function statusPath(agent: string, conversationId: string): string {
  return `/api/agents/${encodeURIComponent(agent)}/run/${encodeURIComponent(conversationId)}`;
}

export function historyPath(conversationId: string): string {
  return `/api/conversations/${encodeURIComponent(conversationId)}`;
}
