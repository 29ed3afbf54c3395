import { randomBytes } from "node:crypto";
import { Attachment } from "./attachment.ts";
import type { Auth, Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import { AblyError, check, toAblyError } from "./error.ts";
import { decode } from "./format.ts";
import {
  Action,
  type ClientFrame,
  Flag,
  type ServerFrame,
  parseFrame,
  parseMessages,
} from "./protocol.ts";
import { checkPublish } from "./publish.ts";
import type { Transport } from "./transport.ts";

/** How long before a token's end the client is asked for a new one. */
const RENEWAL_LEAD_MS = 30_000;
/** A token that comes with less than this left is not worth asking again for: it just ends. */
const MIN_RENEWABLE_MS = 5_500;
/** The longest that setTimeout can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const RATE_WINDOW_MS = 1_000;
/** Actions that are left out, by what they are for. */
const LEFT_OUT: Record<number, string> = { 19: "objects", 20: "objects", 21: "annotations" };

/** What a connection needs of the server around it. */
export type Host = {
  readonly auth: Auth;
  readonly serverId: string;
  readonly connections: Map<string, Connection>;
};

/**
 * One client, over as many sockets as it takes. What a dropped client missed is not queued here:
 * it attaches again with the serial it had, and each channel's log gives it the rest.
 */
export class Connection {
  readonly id = randomBytes(8).toString("base64url");
  identity: Identity;
  /** The socket that it has now. None while it waits to be resumed. */
  transport: Transport | undefined;
  readonly #host: Host;
  readonly #secret = randomBytes(12).toString("base64url");
  #sockets = 0;
  readonly #attachments = new Map<string, Attachment>();
  #rate = { since: 0, count: 0 };
  #timers: NodeJS.Timeout[] = [];

  constructor(host: Host, identity: Identity) {
    this.#host = host;
    this.identity = identity;
    host.connections.set(this.id, this);
  }

  /** The one that a key opens: its present key, or that of an earlier socket. */
  static find({ connections }: Host, key: string): Connection | undefined {
    const [, id = "", secret] = key.split("!");
    const connection = connections.get(id);
    return connection && connection.#secret === secret ? connection : undefined;
  }

  /** Takes a new socket: the first, or one that resumes. `error` says why a resume failed. */
  open(transport: Transport, identity: Identity, error?: AblyError): void {
    this.#replaceTransport(transport)?.cut();
    this.#sockets += 1;
    this.#become(identity, error);
  }

  /** The socket is gone without a CLOSE. Presence and state wait for it to come back. */
  drop(transport: Transport): void {
    if (transport !== this.transport) return;
    this.#replaceTransport(undefined);
    this.#setTimers(
      [transport.remainPresentFor, () => this.#leaveAll()],
      [this.identity.app.settings.connectionStateTtl, () => this.close()],
    );
  }

  /** Ends it for good: what is present leaves, and nothing is kept. */
  close(lastFrame: ServerFrame = { action: Action.CLOSED }): void {
    const transport = this.#replaceTransport(undefined);
    this.#leaveAll();
    this.#setTimers();
    this.#host.connections.delete(this.id);
    transport?.end(lastFrame);
  }

  /** What happens when the token has reached its end. */
  expireToken(): void {
    const error = new AblyError(40142, "The token has expired.").toJSON();
    this.transport?.end({ action: Action.DISCONNECTED, error });
  }

  detachFrom(channel: string, error: AblyError): void {
    if (!this.#attachments.has(channel)) return;
    this.#release(channel);
    this.send({ action: Action.DETACHED, channel, error: error.toJSON() });
  }

  send(frame: ServerFrame): void {
    this.transport?.send(frame);
  }

  /** Does what a frame says, and answers what is wrong with it. */
  receive(transport: Transport, data: Buffer): void {
    // The last words of a socket that was closed or replaced.
    if (transport !== this.transport) return;
    let frame: ClientFrame | undefined;
    try {
      frame = parseFrame(decode(data, transport.format));
      this.#handle(frame);
    } catch (thrown) {
      this.#refuse(frame, toAblyError(thrown));
    }
  }

  #handle(frame: ClientFrame): void {
    switch (frame.action) {
      case Action.HEARTBEAT:
        return this.send({ action: Action.HEARTBEAT, id: frame.id });
      case Action.CLOSE:
        return this.close();
      case Action.DISCONNECT:
        return this.transport?.cut();
      case Action.AUTH:
        return this.#handleAuth(frame);
      case Action.ATTACH:
        return this.#handleAttach(frame);
      case Action.DETACH:
        return this.#handleDetach(frame);
      case Action.SYNC:
        return this.#attachments.get(frame.channel)?.sync();
      case Action.MESSAGE:
        return this.#handleMessage(frame);
      case Action.PRESENCE:
        return this.#handlePresence(frame);
      default:
        throw new AblyError(
          40000,
          `Local Ably has no ${LEFT_OUT[Number(frame.action)] ?? "such action"}.`,
        );
    }
  }

  /** What awaits an answer gets a NACK, an ATTACH its channel's ERROR. All else ends it. */
  #refuse(frame: ClientFrame | undefined, error: AblyError): void {
    const msgSerial = frame?.msgSerial;
    const info = error.toJSON();
    if (frame?.action === Action.ATTACH) this.#fail(frame.channel, error);
    else if (msgSerial === undefined) this.close({ action: Action.ERROR, error: info });
    else this.send({ action: Action.NACK, msgSerial, count: 1, error: info });
  }

  #handleAuth({ accessToken: token }: ClientFrame): void {
    const { clientId, keyName } = this.identity;
    const claimed = clientId === "*" ? undefined : clientId;
    const identity = this.#host.auth.identify({ token, clientId: claimed });
    check(identity.keyName === keyName, 40102, "The token is not of the connection's key.");
    this.#become(identity);
  }

  #handleAttach(frame: ClientFrame): void {
    const { app } = this.identity;
    const channel = app.channel(frame.channel);
    const known = this.#attachments.get(channel.name);
    const { maxChannelsPerConnection: limit } = app.settings;
    const hasRoom = known || this.#attachments.size < limit;
    check(hasRoom, 90010, `A connection may attach to ${limit} channels at the most.`);
    const attachment = known ?? new Attachment(this, channel);
    this.#attachments.set(channel.name, attachment);
    attachment.attach(frame);
  }

  #handleDetach({ channel }: ClientFrame): void {
    this.#release(channel);
    this.send({ action: Action.DETACHED, channel });
  }

  #handleMessage(frame: ClientFrame): void {
    const { app, capability, clientId } = this.identity;
    const { maxInboundRate, maxMessageSize } = app.settings;
    const channel = app.channel(frame.channel);
    const drafts = parseMessages(frame.messages);
    this.#checkRate(drafts.length, maxInboundRate);
    requireCapability(capability, channel.name, "publish");
    this.#checkMode(channel.name, Flag.PUBLISH, "publish");
    const checked = checkPublish(drafts, clientId, maxMessageSize);
    const published = channel.publish(checked, `${this.id}:${frame.msgSerial}`, this.id);
    this.#acknowledge(
      frame,
      published.map(({ serial = "" }) => serial),
    );
  }

  #handlePresence(frame: ClientFrame): void {
    const { app, clientId } = this.identity;
    const channel = app.channel(frame.channel);
    this.#checkMode(channel.name, Flag.PRESENCE, "presence");
    const isAttached = this.#attachments.has(channel.name);
    check(isAttached, 91001, "Presence needs the channel to be attached.");
    const drafts = parseMessages(frame.presence);
    const checked = checkPublish(drafts, clientId, app.settings.maxMessageSize);
    const isNamed = checked.every((draft) => draft.clientId !== undefined);
    check(isNamed, 91000, "Presence needs a clientId, and this client has none.");
    channel.updatePresence(checked, `${this.id}:${frame.msgSerial}`, this.id);
    this.#acknowledge(frame, []);
  }

  /** A publish that is sent again after a drop does nothing again, and gets its answer again. */
  #acknowledge({ msgSerial = 0 }: ClientFrame, serials: string[]): void {
    this.send({ action: Action.ACK, msgSerial, count: 1, res: [{ serials }] });
  }

  /** Publishing without attaching is allowed; against the modes one attached with, it is not. */
  #checkMode(channel: string, mode: number, operation: string): void {
    const { modes = mode } = this.#attachments.get(channel) ?? {};
    check(modes & mode, 40160, `The channel was attached without the ${operation} mode.`);
  }

  #checkRate(messages: number, limit: number): void {
    const now = Date.now();
    if (now - this.#rate.since >= RATE_WINDOW_MS) this.#rate = { since: now, count: 0 };
    this.#rate.count += messages;
    const isSlow = this.#rate.count <= limit;
    check(isSlow, 42911, `A connection may publish ${limit} messages a second.`);
  }

  /** Ends an attachment with its channel's error. */
  #fail(channel: string, error: AblyError): void {
    this.#release(channel);
    this.send({ action: Action.ERROR, channel, error: error.toJSON() });
  }

  #release(channel: string): void {
    const attachment = this.#attachments.get(channel);
    this.#attachments.delete(channel);
    attachment?.channel.subscribers.delete(attachment);
    attachment?.channel.leaveAll(this.id);
  }

  /** With the socket go the attachments: a client that comes back attaches again. */
  #replaceTransport(transport: Transport | undefined): Transport | undefined {
    const before = this.transport;
    this.transport = transport;
    for (const attachment of this.#attachments.values()) {
      attachment.channel.subscribers.delete(attachment);
    }
    this.#attachments.clear();
    return before;
  }

  #leaveAll(): void {
    for (const channel of this.identity.app.channels.values()) channel.leaveAll(this.id);
  }

  /** Takes an identity on, ends what it no longer allows, and tells the client. */
  #become(identity: Identity, error?: AblyError): void {
    this.identity = identity;
    this.#watchToken();
    for (const [name, attachment] of this.#attachments) {
      try {
        attachment.authorize();
      } catch (thrown) {
        this.#fail(name, toAblyError(thrown));
      }
    }
    const { settings } = identity.app;
    const { maxInboundRate, maxMessageSize, maxFrameSize, connectionStateTtl } = settings;
    this.send({
      action: Action.CONNECTED,
      connectionId: this.id,
      connectionDetails: {
        clientId: identity.clientId,
        // It changes with each socket, and others cannot guess it.
        connectionKey: `${this.#host.serverId}!${this.id}!${this.#secret}!${this.#sockets}`,
        serverId: this.#host.serverId,
        maxIdleInterval: this.transport?.maxIdleInterval,
        maxOutboundRate: maxInboundRate,
        maxInboundRate,
        maxMessageSize,
        maxFrameSize,
        connectionStateTtl,
      },
      error: error?.toJSON(),
    });
  }

  #watchToken(): void {
    const left = (this.identity.expires ?? Infinity) - Date.now();
    const expire = () => this.expireToken();
    const askAgain = () => this.send({ action: Action.AUTH });
    if (left === Infinity) this.#setTimers();
    else if (left <= MIN_RENEWABLE_MS) this.#setTimers([left, expire]);
    else this.#setTimers([left, expire], [left - RENEWAL_LEAD_MS, askAgain]);
  }

  #setTimers(...timers: [ms: number, run: () => void][]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = timers.map(([ms, run]) => setTimeout(run, Math.min(ms, MAX_TIMEOUT_MS)));
  }
}
