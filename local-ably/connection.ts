import { randomBytes } from "node:crypto";
import type { App } from "./app.ts";
import { Attachment } from "./attachment.ts";
import { type Auth, type Identity, incompatible, mergeIdentity } from "./auth.ts";
import { AblyError, toAblyError } from "./error.ts";
import { Action, type ClientFrame, Flag, type ServerFrame } from "./protocol.ts";
import { checkPublish, senderOf } from "./publish.ts";
import type { Transport } from "./transport.ts";

/** How long before a token's end the client is asked for a new one. */
const RENEWAL_LEAD_MS = 30_000;
/** A token that comes with less than this left is not worth asking again for: it just ends. */
const MIN_RENEWABLE_MS = 5_500;
/** The longest that setTimeout can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const RATE_WINDOW_MS = 1_000;

/** What a connection needs of the server around it. */
type Host = {
  readonly serverId: string;
  readonly auth: Auth;
  /** Its state is no longer kept. */
  onGone(connection: Connection): void;
};

/**
 * One client, over as many sockets as it takes. What a dropped client missed is not queued here:
 * it attaches again with the serial it had, and each channel's log gives it the rest.
 */
export class Connection {
  readonly id = randomBytes(8).toString("base64url");
  identity: Identity;
  readonly #secret = randomBytes(12).toString("base64url");
  readonly #app: App;
  readonly #host: Host;
  /** The socket that it has now. None while it waits to be resumed. */
  transport: Transport | undefined;
  #transports = 0;
  readonly #attachments = new Map<string, Attachment>();
  #rate = { since: 0, count: 0 };
  #timers: NodeJS.Timeout[] = [];

  constructor(app: App, identity: Identity, host: Host) {
    this.#app = app;
    this.identity = identity;
    this.#host = host;
  }

  get echo(): boolean {
    return this.transport?.params.echo ?? true;
  }

  /** Opens this connection again. It changes with each socket, and others cannot guess it. */
  get key(): string {
    return `${this.#host.serverId}!${this.id}!${this.#secret}!${this.#transports}`;
  }

  /** Whether it is a key of this connection, from this or from an earlier socket. */
  isOpenedBy(key: string): boolean {
    return key.split("!")[2] === this.#secret;
  }

  /** Takes a new socket: the first, or one that resumes. `error` says why a resume failed. */
  open(transport: Transport, identity: Identity, error?: AblyError): void {
    this.#replaceTransport(transport)?.cut();
    this.#transports += 1;
    this.#become(identity, error);
  }

  /** The socket is gone without a CLOSE. Presence and state wait for it to come back. */
  drop(transport: Transport): void {
    if (transport !== this.transport) return;
    this.#replaceTransport(undefined);
    this.#setTimers(
      [transport.params.remainPresentFor, () => this.#leaveAll()],
      [this.#app.settings.connectionStateTtl, () => this.close()],
    );
  }

  /** Ends it for good: what is present leaves, and nothing is kept. */
  close(lastFrame: ServerFrame = { action: Action.CLOSED }): void {
    const transport = this.#replaceTransport(undefined);
    this.#leaveAll();
    this.#setTimers();
    this.#host.onGone(this);
    transport?.end(lastFrame);
  }

  /** Cuts the socket, which the client may then resume. */
  cut(): void {
    this.transport?.cut();
  }

  /** What happens when the token has reached its end. */
  expireToken(): void {
    const error = new AblyError(40142, 401, "The token has expired.").toJSON();
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

  receive(frame: ClientFrame): void {
    switch (frame.action) {
      case Action.HEARTBEAT:
        return this.send({ action: Action.HEARTBEAT, id: frame.id });
      case Action.CLOSE:
        return this.close();
      case Action.DISCONNECT:
        return this.cut();
      case Action.AUTH:
        return this.#handleAuth(frame.accessToken);
      case Action.ATTACH:
        return this.#onChannel(frame.channel, () => this.#handleAttach(frame));
      case Action.DETACH:
        return this.#handleDetach(frame.channel);
      case Action.SYNC:
        return this.#attachments.get(frame.channel)?.sync();
      case Action.MESSAGE:
        return this.#answer(frame.msgSerial, () => this.#handleMessage(frame));
      case Action.PRESENCE:
        return this.#answer(frame.msgSerial, () => this.#handlePresence(frame));
      default:
        return frame.action satisfies never;
    }
  }

  #handleAuth(token: string | undefined): void {
    try {
      const identity = this.#host.auth.identify({ token });
      if (identity.keyName !== this.identity.keyName) throw incompatible();
      const { clientId } = this.identity;
      this.#become(mergeIdentity(identity, clientId === "*" ? undefined : clientId));
    } catch (error) {
      this.close({ action: Action.ERROR, error: toAblyError(error).toJSON() });
    }
  }

  #handleAttach(frame: ClientFrame): void {
    const channel = this.#app.channel(frame.channel);
    const limit = this.#app.settings.maxChannelsPerConnection;
    if (this.#attachments.size >= limit && !this.#attachments.has(frame.channel)) {
      throw new AblyError(90010, 400, `A connection may attach to ${limit} channels at the most.`);
    }
    const attachment = this.#attachments.get(frame.channel) ?? new Attachment(this, channel);
    this.#attachments.set(frame.channel, attachment);
    attachment.attach(frame);
  }

  #handleDetach(channel: string): void {
    this.#release(channel);
    this.send({ action: Action.DETACHED, channel });
  }

  /** A publish that is sent again after a drop does nothing again, and gets its answer again. */
  #answer(msgSerial: number, publish: () => string[]): void {
    try {
      const res = [{ serials: publish() }];
      this.send({ action: Action.ACK, msgSerial, count: 1, res });
    } catch (error) {
      this.refuse(msgSerial, toAblyError(error));
    }
  }

  /** Says that a publish failed, and why. */
  refuse(msgSerial: number, error: AblyError): void {
    this.send({ action: Action.NACK, msgSerial, count: 1, error: error.toJSON() });
  }

  #handleMessage({ channel: name, msgSerial, messages }: ClientFrame): string[] {
    const { maxMessageSize } = this.#app.settings;
    const channel = this.#app.channel(name);
    this.#checkRate(messages.length);
    this.#requireMode(name, Flag.PUBLISH, "publish");
    const checked = checkPublish(messages, name, this.identity, maxMessageSize);
    const entry = channel.publish(checked, `${this.id}:${msgSerial}`, this.id);
    return (entry.messages ?? []).map(({ serial = "" }) => serial);
  }

  #handlePresence({ channel: name, msgSerial, presence }: ClientFrame): string[] {
    const channel = this.#app.channel(name);
    this.#requireMode(name, Flag.PRESENCE, "presence");
    if (!this.#attachments.has(name)) {
      throw new AblyError(91001, 400, "Presence needs the channel to be attached.");
    }
    const id = `${this.id}:${msgSerial}`;
    const members = presence.map((message, index) => {
      const clientId = senderOf(message.clientId, this.identity.clientId);
      if (clientId === undefined) {
        throw new AblyError(91000, 400, "Presence needs a clientId, and this client has none.");
      }
      return { ...message, id: message.id ?? `${id}:${index}`, clientId, connectionId: this.id };
    });
    channel.updatePresence(members, id, this.id);
    return [];
  }

  /** Publishing without attaching is allowed; against the modes one attached with, it is not. */
  #requireMode(name: string, mode: number, operation: string): void {
    const attachment = this.#attachments.get(name);
    if (!attachment || attachment.modes & mode) return;
    throw new AblyError(40160, 401, `The channel was attached without the ${operation} mode.`);
  }

  #checkRate(messages: number): void {
    const { maxInboundRate: limit } = this.#app.settings;
    const now = Date.now();
    if (now - this.#rate.since >= RATE_WINDOW_MS) this.#rate = { since: now, count: 0 };
    this.#rate.count += messages;
    if (this.#rate.count <= limit) return;
    throw new AblyError(42911, 429, `A connection may publish ${limit} messages a second.`);
  }

  /** Runs a channel's operation. What it throws is the channel's error, and ends the attachment. */
  #onChannel(channel: string, operation: () => void): void {
    try {
      operation();
    } catch (error) {
      this.#release(channel);
      this.send({ action: Action.ERROR, channel, error: toAblyError(error).toJSON() });
    }
  }

  #release(channel: string): void {
    const attachment = this.#attachments.get(channel);
    this.#attachments.delete(channel);
    attachment?.detach();
    attachment?.channel.leaveAll(this.id);
  }

  /** With the socket go the attachments: a client that comes back attaches again. */
  #replaceTransport(transport: Transport | undefined): Transport | undefined {
    const before = this.transport;
    this.transport = transport;
    for (const attachment of this.#attachments.values()) attachment.detach();
    this.#attachments.clear();
    return before;
  }

  #leaveAll(): void {
    for (const channel of this.#app.channels.values()) channel.leaveAll(this.id);
  }

  /** Takes an identity on, tells the client of it, and ends what it no longer allows. */
  #become(identity: Identity, error?: AblyError): void {
    this.identity = identity;
    this.#watchToken();
    for (const [name, attachment] of this.#attachments) {
      this.#onChannel(name, () => attachment.authorize());
    }
    const { settings } = this.#app;
    const { maxInboundRate, maxMessageSize, maxFrameSize, connectionStateTtl } = settings;
    this.send({
      action: Action.CONNECTED,
      connectionId: this.id,
      connectionDetails: {
        clientId: identity.clientId,
        connectionKey: this.key,
        serverId: this.#host.serverId,
        maxIdleInterval: this.transport?.params.maxIdleInterval ?? settings.maxIdleInterval,
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
    const { expires } = this.identity;
    if (expires === undefined) return this.#setTimers();
    const left = expires - Date.now();
    const askAgain = () => this.send({ action: Action.AUTH });
    this.#setTimers(
      [left, () => this.expireToken()],
      ...(left > MIN_RENEWABLE_MS ? [[left - RENEWAL_LEAD_MS, askAgain] as const] : []),
    );
  }

  #setTimers(...timers: (readonly [ms: number, run: () => void])[]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = timers.map(([ms, run]) =>
      setTimeout(run, Math.min(Math.max(ms, 0), MAX_TIMEOUT_MS)),
    );
  }
}
