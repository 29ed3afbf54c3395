import { connect } from "../realtime/connect.ts";
import type { Identity } from "../realtime/identity.ts";
import { type RoomMessage, openRoom } from "../realtime/room.ts";
import { watchRoundTrip } from "./round-trip.ts";
import { type Store, createBatch } from "./store.ts";

export type Session = ReturnType<typeof startSession>;

/** Connects, opens the room, and dispatches what happens there until it is stopped. */
export function startSession(me: Identity, roomName: string, store: Store) {
  let isStopped = false;
  const dispatch: Store["dispatch"] = (event) => {
    if (!isStopped) store.dispatch(event);
  };
  const client = connect(me.clientId, {
    status: (status) => dispatch({ type: "connection", status }),
    token: (step) => dispatch({ type: "token", step }),
    transport: (name) => dispatch({ type: "transport", name }),
  });
  const room = openRoom(client, roomName, me, {
    message: createBatch<RoomMessage>((messages) => dispatch({ type: "messages", messages })),
    members: (members) => dispatch({ type: "members", members }),
    status: (status) => dispatch({ type: "channel", status }),
    unsent: (unsent) => dispatch({ type: "unsent", unsent }),
  });
  const unwatch = watchRoundTrip(client, (ms) => dispatch({ type: "round-trip", ms }));
  return {
    client,
    room,
    /** Tries again what has failed: the connection, or only the room. */
    retry() {
      if (client.connection.state === "connected") room.reopen();
      else client.connect();
    },
    stop() {
      isStopped = true;
      unwatch();
      room.close();
      client.close();
    },
  };
}
