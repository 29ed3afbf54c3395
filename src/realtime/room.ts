import type { ChannelStateChange, InboundMessage, PresenceMessage } from "ably";
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
import { type Fault, isConnectionFault, readFault } from "./fault.ts";

/** One channel as a typed room. Give it a callback for what you want to know. */
export type RoomEvents = {
  /** Each message once, however often it arrives, oldest first. */
  message?(message: RoomMessage): void;
  members?(members: Member[]): void;
  status?(status: RoomStatus): void;
};

export type RoomMessage = {
  id: string;
  clientId: string;
  timestamp: number;
  /** Sent before this tab came. */
  isHistory: boolean;
  /** The name and data if they fit the contract; else undefined, and show `raw`. */
  content: RoomContent | undefined;
  /** The message as the Ably SDK gave it. */
  raw: InboundMessage;
};

export type Member = Profile & {
  isTyping: boolean;
  clientId: string;
  connectionId: string;
  /** When this page last heard it say something about itself, ms since the epoch. */
  timestamp: number;
};

export type RoomStatus = {
  state: ChannelStateChange["current"];
  /** False if messages may have been missed since the last attach. */
  isContinuous: boolean;
  fault?: Fault | undefined;
};

export type Room = {
  /**
   * Publishes under an id of its own, by which Ably drops repeats and you recognise the echo.
   * Waits while the connection is away, however long. Rejects with a `Fault` if Ably refuses it.
   */
  send<Name extends MessageName>(name: Name, data: Payloads[Name], id?: string): Promise<void>;
  /** Tells everyone what you now say about yourself. */
  setProfile(profile: Profile): void;
  close(): void;
};

const HISTORY = "2m";
const MAX_IDS_KEPT = 10_000;

export function openRoom(client: Client, name: string, profile: Profile, events: RoomEvents): Room {
  const channel = client.channels.get(channelName(name), {
    params: { rewind: HISTORY },
    attachOnSubscribe: false,
  });
  const isNew = onlyOnce();
  /** When each connection was last heard of, by this page's clock. */
  const heardAt = new Map<string, number>();
  let isHistory = true;
  let wasAttached = false;
  let isClosed = false;
  /** The room's list does not say what `profile` says: Ably refused it, or could not be reached. */
  let isUntold = false;

  const tell = (fault?: Fault, isContinuous = true) => {
    if (!isClosed) events.status?.({ state: channel.state, isContinuous, fault });
  };
  const onMessage = (message: InboundMessage) => {
    if (isNew(message.id)) events.message?.(readMessage(message, isHistory));
  };
  const onPresence = ({ connectionId }: PresenceMessage) => {
    // My own arrival comes after the history and before anything newer.
    if (connectionId === client.connection.id) isHistory = false;
    heardAt.set(connectionId, Date.now());
    void tellMembers();
  };
  const onState = ({ current, resumed, reason }: ChannelStateChange) => {
    const isContinuous = current !== "attached" || resumed || !wasAttached;
    if (current === "attached") wasAttached = true;
    tell(reason && readFault(reason), isContinuous);
    // The SDK enters again whoever was on the list, but with what it said then.
    if (current === "attached" && isUntold) void enter();
    void tellMembers();
  };

  async function tellMembers() {
    if (isClosed) return;
    const isOpen = channel.state !== "failed" && channel.state !== "detached";
    // Refused if that changes meanwhile, of which `onState` hears next.
    const present = isOpen
      ? await channel.presence.get({ waitForSync: false }).catch(() => [])
      : [];
    if (!isClosed) events.members?.(present.map((member) => readMember(member, heardAt)));
  }

  /** Says `profile` on the room's list. That may be full in a room that is open. */
  async function enter() {
    // The SDK would open the room again for it.
    if (isClosed) return;
    try {
      await channel.presence.enter(profile);
      if (isUntold) tell();
      isUntold = false;
    } catch (error) {
      isUntold = true;
      isHistory = false;
      tell(readFault(error));
    }
  }

  async function open() {
    try {
      await channel.attach();
      await enter();
    } catch (error) {
      tell(readFault(error));
    }
  }
  /** A connection that failed took the channel along, and the SDK does not open it again. */
  const reopen = () => void (channel.state === "failed" && open());

  // Before anything can arrive: nothing that anyone sends from here on is missed.
  channel.on(onState);
  void channel.subscribe(onMessage);
  void channel.presence.subscribe(onPresence);
  client.connection.on("connected", reopen);
  void open();

  return {
    async send(name, data, id = newMessageId()) {
      while (true) {
        try {
          await channel.attach();
          await channel.publish({ id, name, data });
          return;
        } catch (error) {
          const fault = readFault(error);
          const isRefused = client.connection.state === "connected" && channel.state === "failed";
          if (isClosed || isRefused || !isConnectionFault(fault)) throw fault;
          await client.connection.whenState("connected");
          if (channel.state === "suspended") await channel.whenState("attached");
        }
      }
    },
    setProfile(next) {
      profile = next;
      void enter();
    },
    close() {
      isClosed = true;
      client.connection.off("connected", reopen);
      channel.off(onState);
      channel.unsubscribe(onMessage);
      channel.presence.unsubscribe(onPresence);
      // One that had failed has no one left to tell.
      channel.detach().catch(() => {});
    },
  };
}

/**
 * In an open room, for what is stale in a moment, such as a cursor: whoever is here now gets it, and
 * nobody later. Dropped, not queued, while the connection is away.
 * https://ably.com/docs/pub-sub/advanced#ephemeral
 */
export function sendEphemeral<Name extends MessageName>(
  client: Client,
  room: string,
  name: Name,
  data: Payloads[Name],
): void {
  const channel = client.channels.get(channelName(room));
  if (client.connection.state !== "connected" || channel.state !== "attached") return;
  channel.publish({ name, data, extras: { ephemeral: true } }).catch(() => {});
}

/** Not crypto.randomUUID: a phone that reaches this machine by its address, without TLS, has none. */
export function newMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readMessage(raw: InboundMessage, isHistory: boolean): RoomMessage {
  const { id, clientId = "(nobody)", timestamp, name, data } = raw;
  return { id, clientId, timestamp, isHistory, content: parseContent(name, data), raw };
}

function readMember(
  { clientId, connectionId, data }: PresenceMessage,
  heardAt: ReadonlyMap<string, number>,
): Member {
  const unsaid = { name: clientId, isTyping: false };
  const timestamp = heardAt.get(connectionId) ?? 0;
  return { ...unsaid, ...parseProfile(data), clientId, connectionId, timestamp };
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
