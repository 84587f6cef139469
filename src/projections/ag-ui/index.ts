export { createAgUiProjection } from "./ag-ui-projection.ts";
export { eventsOfRecord } from "./record-events.ts";
export type { AgUiReader, AgUiState } from "./ag-ui-state.ts";
export {
  AG_UI_METADATA,
  agUiMessageId,
  messagesOfInput,
  messagesOfRecord,
  systemMessages,
} from "./thread-messages.ts";
