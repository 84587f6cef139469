/** An id as a person can tell it from others: generated ones are long and say nothing. */
export function shortId(conversationId: string): string {
  return conversationId.length > 20 ? `${conversationId.slice(0, 8)}…` : conversationId;
}
