export { createOpenAiResponsesProjection } from "./openai-responses-projection.ts";
export { messagesAnswered, responseOfRecord } from "./record-response.ts";
export { parseApprovalRequestId, parseResponseId, responseId, runOfItemId } from "./response-id.ts";
export type { ApprovalPlace, ResponsePlace } from "./response-id.ts";
export { responseJson } from "./response-json.ts";
export { isOver, isToBe } from "./response-state.ts";
export { BEGINNING, endsPart, progressAfter } from "./progress.ts";
