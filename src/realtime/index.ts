/**
 * KEPT. The door to this folder: what a page needs. The words for errors are in words.ts. Functions
 * and src/app.ts use contract.ts itself.
 */
export {
  type ConnectOptions,
  type ConnectionStatus,
  type ConnectionStep,
  type Connection,
  connect,
} from "./connection.ts";
export {
  type Content,
  type Contract,
  type Data,
  type MessageName,
  type Profile,
  isProduction,
  looksLikeServer,
  withoutInvisible,
  pageDeployContext,
  parseMessage,
  parseRoomName,
} from "./contract.ts";
export type { ErrorInfo } from "./errors.ts";
export { type Identity, loadIdentity, saveIdentity } from "./identity.ts";
export { NOBODY, type RoomMessage, messageKey } from "./messages.ts";
export { callAndReport } from "./errors.ts";
export { cleanName, isMadeUpName, isVisible, makeName } from "./names.ts";
export type { Unsent } from "./outbox.ts"; // delete with outbox.ts
export type { Member } from "./presence.ts";
export type { RoomEvents, RoomStatus } from "./attachment.ts";
export { type Room, type RoomOptions, openRoom } from "./room.ts";
export type { TokenStep } from "./token-requests.ts"; // delete with token-requests.ts
