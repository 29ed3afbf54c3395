import { randomBytes } from "node:crypto";
import { Attachment } from "./attachment.ts";
import type { Auth, Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import { AblyError, check, toAblyError } from "./error.ts";
import { decode } from "./format.ts";
import { checkPublish, parseMessages } from "./message.ts";
import { Action, type ClientFrame, Flag, type ServerFrame, parseFrame } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** How long before a token's end the client is asked for a new one. */
const RENEWAL_LEAD_MS = 30_000;
/** A token that comes with less than this left is not worth asking again for: it just ends. */
const MIN_RENEWABLE_MS = 5_500;
/** The longest that setTimeout can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const RATE_WINDOW_MS = 1_000;
/** How many answers are kept for frames that a client sends again, since it did not get them. */
const MAX_ANSWERS_KEPT = 500;
/** Actions that are left out, by what they are for. */
const LEFT_OUT: Record<number, string> = { 19: "objects", 20: "objects", 21: "annotations" };

/** What a connection needs of the server around it. */
export type Host = { readonly auth: Auth; readonly connections: Map<string, Connection> };

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
  readonly attachments = new Map<string, Attachment>();
  readonly #secret = randomBytes(12).toString("base64url");
  /** What frames were acknowledged with, by action, channel and msgSerial. */
  readonly #answers = new Map<string, string[]>();
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

  expireToken(): void {
    const error = new AblyError(40142, "The token has expired.");
    this.transport?.end({ action: Action.DISCONNECTED, error });
  }

  /** Ends its place on a channel, if it has one, and tells the client with this frame. */
  detach(frame: ServerFrame & { channel: string }): void {
    const attachment = this.attachments.get(frame.channel);
    this.attachments.delete(frame.channel);
    attachment?.channel.subscribers.delete(this.id);
    attachment?.channel.leaveAll(this.id);
    this.send(frame);
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
      this.#handle(frame, transport);
    } catch (thrown) {
      this.#refuse(frame, toAblyError(thrown));
    }
  }

  #handle(frame: ClientFrame, transport: Transport): void {
    switch (frame.action) {
      case Action.HEARTBEAT:
        return this.send({ action: Action.HEARTBEAT, id: frame.id });
      case Action.CLOSE:
        return this.close();
      case Action.DISCONNECT:
        return transport.cut();
      case Action.AUTH:
        return this.#handleAuth(frame);
      case Action.ATTACH:
        return this.#handleAttach(frame, transport);
      case Action.DETACH:
        return this.detach({ action: Action.DETACHED, channel: frame.channel });
      case Action.SYNC:
        return this.attachments.get(frame.channel)?.sync();
      case Action.MESSAGE:
        return this.#acknowledge(frame, () => this.#handleMessage(frame));
      case Action.PRESENCE:
        return this.#acknowledge(frame, () => this.#handlePresence(frame));
      default: {
        const what = LEFT_OUT[Number(frame.action)] ?? "such action";
        throw new AblyError(40000, `Local Ably has no ${what}.`);
      }
    }
  }

  /** What awaits an answer gets a NACK, an ATTACH its channel's ERROR. All else ends it. */
  #refuse(frame: ClientFrame | undefined, error: AblyError): void {
    const { action, channel = "", msgSerial } = frame ?? {};
    if (action === Action.ATTACH) this.detach({ action: Action.ERROR, channel, error });
    else if (msgSerial === undefined) this.close({ action: Action.ERROR, error });
    else this.send({ action: Action.NACK, msgSerial, count: 1, error });
  }

  /** Does what a frame asks for, once: what is sent again after a drop gets its answer again. */
  #acknowledge({ action, channel, msgSerial = 0 }: ClientFrame, run: () => string[]): void {
    const asked = `${action} ${msgSerial} ${channel}`;
    const serials = this.#answers.get(asked) ?? run();
    this.#answers.set(asked, serials);
    const [oldest = ""] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS_KEPT) this.#answers.delete(oldest);
    this.send({ action: Action.ACK, msgSerial, count: 1, res: [{ serials }] });
  }

  #handleAuth({ accessToken: token }: ClientFrame): void {
    const { clientId, keyName } = this.identity;
    const claimed = clientId === "*" ? undefined : clientId;
    const identity = this.#host.auth.identify({ token, clientId: claimed });
    const isSame = identity.keyName === keyName && identity.clientId === clientId;
    check(isSame, 40102, "The token is not of the connection's key, or not of its clientId.");
    this.#become(identity);
  }

  #handleAttach(frame: ClientFrame, transport: Transport): void {
    const { app, capability } = this.identity;
    const channel = app.channel(frame.channel);
    const known = this.attachments.get(channel.name);
    const { maxChannelsPerConnection: limit } = app.settings;
    const hasRoom = known || this.attachments.size < limit;
    check(hasRoom, 90010, `A connection may attach to ${limit} channels at the most.`);
    const attachment = known ?? new Attachment(channel, this.id, transport);
    this.attachments.set(channel.name, attachment);
    attachment.attach(frame, capability);
  }

  /** Returns the serials of the messages. */
  #handleMessage({ channel: name, msgSerial = 0, messages }: ClientFrame): string[] {
    const { app, capability, clientId } = this.identity;
    const { maxInboundRate, maxMessageSize } = app.settings;
    const channel = app.channel(name);
    const drafts = parseMessages(messages);
    const now = Date.now();
    if (now - this.#rate.since >= RATE_WINDOW_MS) this.#rate = { since: now, count: 0 };
    this.#rate.count += drafts.length;
    const isInTime = this.#rate.count <= maxInboundRate;
    check(isInTime, 42911, `A connection may publish ${maxInboundRate} messages a second.`);
    requireCapability(capability, name, "publish");
    // Publishing without attaching is allowed; against the modes one attached with, it is not.
    const { modes = Flag.PUBLISH } = this.attachments.get(name) ?? {};
    check(modes & Flag.PUBLISH, 40165, "The channel was attached without the publish mode.");
    const checked = checkPublish(drafts, clientId, maxMessageSize);
    const published = channel.publish(checked, `${this.id}:${msgSerial}`, this.id);
    return published.map(({ serial = "" }) => serial);
  }

  #handlePresence({ channel: name, msgSerial = 0, presence }: ClientFrame): string[] {
    const { app, capability, clientId } = this.identity;
    const channel = app.channel(name);
    const attachment = this.attachments.get(name);
    check(attachment, 91001, "Presence needs the channel to be attached.");
    requireCapability(capability, name, "presence");
    const isMode = attachment.modes & Flag.PRESENCE;
    check(isMode, 40165, "The channel was attached without the presence mode.");
    const checked = checkPublish(parseMessages(presence), clientId, app.settings.maxMessageSize);
    const isNamed = checked.every((draft) => draft.clientId !== undefined);
    check(isNamed, 91000, "Presence needs a clientId, and this client has none.");
    channel.updatePresence(checked, `${this.id}:${msgSerial}`, this.id);
    return [];
  }

  /** With the socket go the attachments: a client that comes back attaches again. */
  #replaceTransport(transport: Transport | undefined): Transport | undefined {
    const before = this.transport;
    this.transport = transport;
    for (const { channel } of this.attachments.values()) channel.subscribers.delete(this.id);
    this.attachments.clear();
    return before;
  }

  #leaveAll(): void {
    for (const channel of this.identity.app.channels.values()) channel.leaveAll(this.id);
  }

  /** Takes an identity on, ends what it no longer allows, and tells the client. */
  #become(identity: Identity, error?: AblyError): void {
    this.identity = identity;
    const left = (identity.expires ?? Infinity) - Date.now();
    // Not at once for one that lives shorter: each new one would be asked to be renewed at once.
    const due = Math.max(left - RENEWAL_LEAD_MS, left / 4);
    const renewal = left > MIN_RENEWABLE_MS ? due : Infinity;
    const askForRenewal = () => this.send({ action: Action.AUTH });
    this.#setTimers([left, () => this.expireToken()], [renewal, askForRenewal]);
    for (const [name, attachment] of this.attachments) {
      try {
        attachment.authorize(identity.capability);
      } catch (thrown) {
        this.detach({ action: Action.ERROR, channel: name, error: toAblyError(thrown) });
      }
    }
    const { epoch, settings } = identity.app;
    const { connectionStateTtl, maxFrameSize, maxInboundRate, maxMessageSize } = settings;
    this.send({
      action: Action.CONNECTED,
      connectionId: this.id,
      connectionDetails: {
        clientId: identity.clientId,
        // It changes each time, and others cannot guess it.
        connectionKey: [epoch, this.id, this.#secret, randomBytes(3).toString("hex")].join("!"),
        connectionStateTtl,
        maxFrameSize,
        maxIdleInterval: this.transport?.maxIdleInterval,
        maxInboundRate,
        maxMessageSize,
        maxOutboundRate: maxInboundRate,
        serverId: epoch,
      },
      error,
    });
  }

  /** In place of those before. What is too far off for a timer will not be lived to see. */
  #setTimers(...timers: [ms: number, run: () => void][]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    const near = timers.filter(([ms]) => ms <= MAX_TIMEOUT_MS);
    this.#timers = near.map(([ms, run]) => setTimeout(run, ms));
  }
}
