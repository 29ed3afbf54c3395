/** SHOWN. This page's connection and room, and everything that happens there, as events. */
import { type Chat, chat } from "../app.ts";
import {
  type Connection,
  type Data,
  type Identity,
  type MessageName,
  type Room,
  type RoomEvents,
  connect,
  openRoom,
  saveIdentity,
} from "../realtime/index.ts";
import type { SessionEvent } from "./state/events.ts";

export type Session = {
  connection: Connection;
  room: Room<Chat>;
  roomName: string;
  /** Who this page is now, with the name that was chosen last. */
  readonly me: Identity;
  /** Sets the one listener. It gets the events so far first, which are kept until then. */
  onEvent(listener: (event: SessionEvent) => void): void;
  /** Sends a message. The list shows if it could not be sent, and why. */
  send<Name extends MessageName<Chat>>(name: Name, data: Data<Chat, Name>): void;
  rename(name: string): void;
  /** The text in the box, which belongs to this person in this room. */
  draft: { read(): string; write(text: string): void };
  stop(): void;
};

export function startSession(identity: Identity, roomName: string): Session {
  const { emit, onEvent } = createEvents();
  let me = identity;
  const connection = connect(me.clientId, { observe: (step) => emit({ type: "step", step }) });
  const stopStatus = connection.onStatus((status) => emit({ type: "connection", status }));
  // Everyone in the room can read the profile: it has no more than the page shows.
  const profile = { name: me.name };
  // The name is in each message, too, for those who read it after its author has left.
  const headers = () => ({ name: me.name });
  const room = openRoom(connection, chat, roomName, { profile, headers }, roomEvents(emit));
  const rename = (name: string) => {
    me = { ...me, name };
    emit({ type: "renamed", name });
    saveIdentity(me, connection.storages);
    room.setProfile({ name });
  };
  return {
    connection,
    room,
    roomName,
    get me() {
      return me;
    },
    onEvent,
    rename,
    draft: draftOf(connection, roomName),
    send(name, data) {
      // Storage may have been full until now. A reload finds the message only with the same client ID.
      saveIdentity(me, connection.storages);
      room.send(name, data).catch(() => {});
    },
    stop() {
      stopStatus();
      room.close();
      connection.close();
    },
  };
}

type Unstamped<Event> = Event extends unknown ? Omit<Event, "now"> : never;
type Emit = (event: Unstamped<SessionEvent>) => void;

/** The script that renders most of the page comes later, and gets what happened before it. */
function createEvents() {
  const past: SessionEvent[] = [];
  let pass: (event: SessionEvent) => void = (event) => past.push(event);
  const emit: Emit = (unstamped) => pass({ ...unstamped, now: Date.now() } as SessionEvent);
  const onEvent: Session["onEvent"] = (listener) => {
    // The listener may cause further events, which are then among these.
    for (const event of past) listener(event);
    past.length = 0;
    pass = listener;
  };
  return { emit, onEvent };
}

function roomEvents(emit: Emit): RoomEvents<Chat> {
  return {
    message: (message) => emit({ type: "messages", messages: [message] }),
    members: (members) => emit({ type: "members", members }),
    status: (status) => emit({ type: "room", status }),
    unsent: (unsent) => emit({ type: "unsent", unsent }),
  };
}

function draftOf({ storages, clientId }: Connection, roomName: string): Session["draft"] {
  const { tab } = storages;
  return {
    read: () => tab.read("draft", clientId, roomName) ?? "",
    // Where storage is full, the draft is lost at a reload.
    write: (text) => void tab.write(text, "draft", clientId, roomName),
  };
}
