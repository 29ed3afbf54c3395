import { type Client, type ConnectionEvents, connect } from "../realtime/connect.ts";
import type { MessageName, Payloads } from "../realtime/contract.ts";
import { type Identity, isMadeUpName, makeName, saveIdentity } from "../realtime/identity.ts";
import {
  type Member,
  type Room,
  type RoomEvents,
  type RoomMessage,
  openRoom,
} from "../realtime/room.ts";
import { forgetTokens } from "../realtime/token.ts";
import { watchRoundTrip } from "./round-trip.ts";
import { type Store, createBatch } from "./store.ts";

export type Session = {
  client: Client;
  room: Room;
  /** Sends a message. The list shows if it could not be sent, and why. */
  send<Name extends MessageName>(name: Name, data: Payloads[Name]): void;
  rename(name: string): void;
  /** Tries again what has failed: the connection, or only the room. */
  retry(): void;
  /** Connects anew, from the function to the channel. */
  restart(): Session;
  stop(): void;
};

type Dispatch = Store["dispatch"];

/** Connects, opens the room, and dispatches what happens there until it is stopped. */
export function startSession(store: Store): Session {
  let isStopped = false;
  const dispatch: Dispatch = (event) => {
    if (!isStopped) store.dispatch(event);
  };
  const { me, room: roomName } = store.state;
  const client = connect(me.clientId, connectionEvents(dispatch));
  const rename = (name: string) => {
    dispatch({ type: "renamed", name });
    saveIdentity(store.state.me);
    room.setProfile({ name });
  };
  const avoidNamesake = createNamesakeCheck(() => store.state.me, rename);
  const room = openRoom(client, roomName, me, roomEvents(dispatch, avoidNamesake));
  const unwatch = watchRoundTrip(client, (ms) => dispatch({ type: "round-trip", ms }));
  const stop = () => {
    isStopped = true;
    unwatch();
    room.close();
    client.close();
  };
  return {
    client,
    room,
    rename,
    send(name, data) {
      // Storage may have been full until now. After a reload, only the same person has the message.
      saveIdentity(store.state.me);
      room.send(name, data).catch(() => {});
    },
    retry() {
      if (client.connection.state === "connected") room.reopen();
      else client.connect();
    },
    restart() {
      stop();
      forgetTokens();
      return startSession(store);
    },
    stop,
  };
}

function connectionEvents(dispatch: Dispatch): ConnectionEvents {
  return {
    status: (status) => dispatch({ type: "connection", status }),
    token: (step) => dispatch({ type: "token", step }),
    transport: (name) => dispatch({ type: "transport", name }),
  };
}

function roomEvents(dispatch: Dispatch, onMembers: (members: Member[]) => void): RoomEvents {
  return {
    message: createBatch<RoomMessage>((messages) => dispatch({ type: "messages", messages })),
    members(members) {
      dispatch({ type: "members", members });
      onMembers(members);
    },
    status: (status) => dispatch({ type: "channel", status }),
    unsent: (unsent) => dispatch({ type: "unsent", unsent }),
  };
}

/** Generated names may repeat. The later visitor changes it. */
function createNamesakeCheck(readMe: () => Identity, rename: (name: string) => void) {
  let isNew = true;
  return (members: Member[]) => {
    const me = readMe();
    if (!isNew || !members.some(({ clientId }) => clientId === me.clientId)) return;
    isNew = false;
    const others = members.filter(({ clientId }) => clientId !== me.clientId);
    const isTaken = others.some(({ name }) => name === me.name);
    if (isTaken && isMadeUpName(me.name)) rename(makeName());
  };
}
