/** SHOWN. What changes the state. */
import type { Chat } from "../../app.ts";
import type {
  ConnectionStatus,
  ConnectionStep,
  Member,
  RoomMessage,
  RoomStatus,
  Unsent,
} from "../../realtime/index.ts";

export type TraceEntry = { number: number; timestamp: number; event: TraceEvent };

export type TraceEvent =
  | { type: "step"; step: ConnectionStep }
  | { type: "room"; status: RoomStatus };

/** `now`: when it happened, in ms since the epoch. */
type Stamped<Event> = Event & { now: number };

/** What happens in the room and on the way to it. */
export type SessionEvent = Stamped<
  | TraceEvent
  | { type: "connection"; status: ConnectionStatus }
  | { type: "members"; members: Member<Chat>[] }
  | { type: "messages"; messages: RoomMessage<Chat>[] }
  | { type: "unsent"; unsent: Unsent<Chat>[] }
  | { type: "renamed"; name: string }
>;

export type DemoEvent =
  | SessionEvent
  | Stamped<
      | { type: "scrolled"; isAtEnd: boolean }
      | { type: "hidden"; isHidden: boolean }
      | { type: "part-missing" }
      | { type: "round-trip"; ms: number }
      | { type: "tick" }
    >;
