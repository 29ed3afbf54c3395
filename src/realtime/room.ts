import type { ChannelStateChange, InboundMessage, PresenceMessage, RealtimeChannel } from "ably";
import type { Client } from "./connect.ts";
import {
  type MessageName,
  type Payloads,
  type Profile,
  type RoomContent,
  channelName,
  parseContent,
  parseProfile,
} from "./contract.ts";
import { type Fault, readFault } from "./fault.ts";

/** One channel as a typed room. Give it a callback for each thing that can happen there. */
export type RoomEvents = {
  /** Each message once, however often it arrives, oldest first. */
  message(message: RoomMessage): void;
  members(members: Member[]): void;
  /** `isContinuous` is false if messages may have been missed since the last attach. */
  status(status: RoomStatus): void;
};

export type RoomMessage = {
  id: string;
  clientId: string;
  timestamp: number;
  /** Sent before this tab came. */
  isHistory: boolean;
  name: string;
  data: unknown;
  /** `name` and `data` again if they fit the contract; else undefined, and show them raw. */
  content: RoomContent | undefined;
};

export type Member = { clientId: string; connectionId: string; name: string };

export type RoomStatus = {
  state:
    | "initialized"
    | "attaching"
    | "attached"
    | "detaching"
    | "detached"
    | "suspended"
    | "failed";
  isContinuous: boolean;
  fault?: Fault | undefined;
};

export type Room = {
  /**
   * Publishes under an id of your own, by which the echo can be recognised and Ably drops repeats.
   * Waits while the connection is away. Rejects with a `Fault`.
   */
  send<Name extends MessageName>(id: string, name: Name, data: Payloads[Name]): Promise<void>;
  close(): void;
};

const HISTORY = "2m";
const MAX_IDS_KEPT = 10_000;

export function openRoom(client: Client, name: string, profile: Profile, events: RoomEvents): Room {
  // Subscribed first, and attached by that: nothing that anyone sends after this line is missed.
  const channel = client.channels.get(channelName(name), { params: { rewind: HISTORY } });
  const isNew = onlyOnce();
  let isHistory = true;
  let wasAttached = false;

  const onMessage = (message: InboundMessage) => {
    if (isNew(message.id)) events.message(readMessage(message, isHistory));
  };
  const onPresence = ({ connectionId }: PresenceMessage) => {
    // My own arrival comes after the history and before anything newer.
    if (connectionId === client.connection.id) isHistory = false;
    void tellMembers();
  };
  const onState = ({ current, resumed, reason }: ChannelStateChange) => {
    const isContinuous = current !== "attached" || resumed || !wasAttached;
    if (current === "attached") wasAttached = true;
    events.status({ state: current, isContinuous, fault: reason ? readFault(reason) : undefined });
    void tellMembers();
  };

  async function tellMembers() {
    if (channel.state === "failed" || channel.state === "detached") return events.members([]);
    const present = await channel.presence.get({ waitForSync: false });
    events.members(present.map(readMember));
  }

  channel.on(onState);
  const attached = channel.subscribe(onMessage);
  const entered = channel.presence
    .subscribe(onPresence)
    .then(() => channel.presence.enter(profile));
  // A refusal is told by `status`, and by `send` to whoever sends.
  for (const promise of [attached, entered]) promise.catch(() => (isHistory = false));

  return {
    async send(id, name, data) {
      try {
        await channel.attach();
        await channel.publish({ id, name, data });
      } catch (error) {
        throw readFault(error);
      }
    },
    close() {
      channel.off(onState);
      channel.unsubscribe(onMessage);
      channel.presence.unsubscribe(onPresence);
      leave(channel);
    },
  };
}

function leave(channel: RealtimeChannel): void {
  channel.detach().catch(() => {
    // It had failed or was never attached: nobody is left to tell.
  });
}

function readMessage(
  { id, clientId, timestamp, name, data }: InboundMessage,
  isHistory: boolean,
): RoomMessage {
  return {
    id,
    clientId: clientId ?? "(nobody)",
    timestamp,
    isHistory,
    name: name ?? "",
    data,
    content: parseContent(name, data),
  };
}

function readMember({ clientId, connectionId, data }: PresenceMessage): Member {
  return { clientId, connectionId, name: parseProfile(data)?.name ?? clientId };
}

/** History, rewind and resume can bring a message twice. */
function onlyOnce(): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return false;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MAX_IDS_KEPT && oldest !== undefined) seen.delete(oldest);
    return true;
  };
}
