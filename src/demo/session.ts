/** SHOWN. This page's connection and room, and everything that happens there, as events. */
import { type Chat, chat } from "../app.ts";
import {
  type Connection,
  type Data,
  type Identity,
  type Member,
  type MessageName,
  type Room,
  type RoomEvents,
  type RoomMessage,
  cleanName,
  connect,
  isMadeUpName,
  makeName,
  openRoom,
  saveIdentity,
} from "../realtime/index.ts";
import type { SessionEvent } from "./state/state.ts";

export type Session = {
  connection: Connection;
  room: Room<Chat>;
  roomName: string;
  /** Who this page is now, with the name that was chosen last. */
  readonly me: Identity;
  onEvent(listener: (event: SessionEvent) => void): void;
  /** As `onEvent`, with the events so far first. They are kept until the first call. */
  onEveryEvent(listener: (event: SessionEvent) => void): void;
  /** Sends a message. The list shows if it could not be sent, and why. */
  send<Name extends MessageName<Chat>>(name: Name, data: Data<Chat, Name>): void;
  rename(name: string): void;
  /** The text in the box, which belongs to this person in this room. */
  draft: { read(): string; write(text: string): void };
  /** Tries again what has failed: the connection, or only the room. */
  retry(): void;
  stop(): void;
};

export function startSession(identity: Identity, roomName: string): Session {
  const { emit, onEvent, onEveryEvent } = createEvents();
  let me = identity;
  const connection = connect(me.clientId, { observe: (step) => emit({ type: "step", step }) });
  const cleanups = [
    connection.onStatus((status) => emit({ type: "connection", status })),
    watchRoundTrip(connection, (ms) => emit({ type: "round-trip", ms })),
  ];
  // Everyone in the room can read the profile: it has no more than the page shows.
  const profile = { name: me.name };
  const room = openRoom(connection, chat, roomName, { profile }, roomEvents(emit));
  const rename = (name: string) => {
    me = { ...me, name };
    emit({ type: "renamed", name });
    saveIdentity(me);
    room.setProfile({ name });
  };
  const avoidNamesake = createNamesakeCheck(() => me, rename);
  onEvent((event) => {
    if (event.type === "members") avoidNamesake(event.members);
  });
  return {
    connection,
    room,
    roomName,
    get me() {
      return me;
    },
    onEvent,
    onEveryEvent,
    rename,
    draft: draftOf(connection, roomName),
    send(name, data) {
      // Storage may have been full until now. After a reload, only the same person has the message.
      saveIdentity(me);
      room.send(name, data).catch(() => {});
    },
    retry() {
      if (connection.status.state === "connected") room.reopen();
      else connection.retry();
    },
    stop() {
      for (const cleanup of cleanups) cleanup();
      room.close();
      connection.close();
    },
  };
}

type Unstamped<Event> = Event extends unknown ? Omit<Event, "now"> : never;
type Emit = (event: Unstamped<SessionEvent>) => void;

/** The script that renders most of the page comes later, and gets what happened before it. */
function createEvents() {
  const listeners: ((event: SessionEvent) => void)[] = [];
  let past: SessionEvent[] | undefined = [];
  const emit: Emit = (unstamped) => {
    const event = { ...unstamped, now: Date.now() } as SessionEvent;
    past?.push(event);
    for (const listener of listeners) listener(event);
  };
  const onEvent: Session["onEvent"] = (listener) => listeners.push(listener);
  const onEveryEvent: Session["onEveryEvent"] = (listener) => {
    past?.forEach(listener);
    past = undefined;
    onEvent(listener);
  };
  return { emit, onEvent, onEveryEvent };
}

function roomEvents(emit: Emit): RoomEvents<Chat> {
  return {
    message: createBatch<RoomMessage<Chat>>((messages) => emit({ type: "messages", messages })),
    members: (members) => emit({ type: "members", members }),
    status: (status) => emit({ type: "room", status }),
    unsent: (unsent) => emit({ type: "unsent", unsent }),
  };
}

/** Collects items that arrive in one task and passes them on together. */
function createBatch<Item>(pass: (items: Item[]) => void): (item: Item) => void {
  let items: Item[] = [];
  return (item) => {
    items.push(item);
    if (items.length > 1) return;
    queueMicrotask(() => {
      const batch = items;
      items = [];
      pass(batch);
    });
  };
}

/** Generated names may repeat. The later visitor changes it. */
function createNamesakeCheck(readMe: () => Identity, rename: (name: string) => void) {
  let isNew = true;
  return (members: Member<Chat>[]) => {
    const me = readMe();
    if (!isNew || !members.some(({ clientId }) => clientId === me.clientId)) return;
    isNew = false;
    const others = members.filter(({ clientId }) => clientId !== me.clientId);
    const isTaken = others.some(({ profile }) => cleanName(profile?.name ?? "") === me.name);
    if (isTaken && isMadeUpName(me.name)) rename(makeName());
  };
}

function draftOf({ storages, clientId }: Connection, roomName: string): Session["draft"] {
  const { tab } = storages;
  return {
    read: () => tab.read("draft", clientId, roomName) ?? "",
    write(text) {
      if (text === "") tab.remove("draft", clientId, roomName);
      // Where storage is full, the draft is lost at a reload.
      else tab.write(text, "draft", clientId, roomName);
    },
  };
}

const ROUND_TRIP_INTERVAL_MS = 20_000;

/** Measures a round trip to Ably, now and then while connected, in ms. Returns its cleanup. */
function watchRoundTrip({ client }: Connection, listener: (ms: number) => void): () => void {
  const { connection } = client;
  const measure = () => {
    if (connection.state !== "connected" || document.hidden) return;
    // A ping fails when the connection drops. The connection's state reports that already.
    connection.ping().then(listener, () => {});
  };
  connection.on("connected", measure);
  const timer = setInterval(measure, ROUND_TRIP_INTERVAL_MS);
  return () => {
    connection.off("connected", measure);
    clearInterval(timer);
  };
}
