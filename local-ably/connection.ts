import { createHmac, randomBytes } from "node:crypto";
import type { App } from "./app.ts";
import { Attachment } from "./attachment.ts";
import type { Auth, Identity } from "./auth.ts";
import { AblyError, toAblyError } from "./error.ts";
import type { Member } from "./presence.ts";
import {
  Action,
  type AttachFrame,
  type ClientFrame,
  Flag,
  type PublishFrame,
  type ServerFrame,
} from "./protocol.ts";
import { checkPublish, requireCapability, senderOf } from "./publish.ts";
import type { Transport } from "./transport.ts";

/** How long before a token's end the client is asked for a new one. */
const RENEWAL_LEAD_MS = 30_000;
/** A token that comes with less than this left is not worth asking again for: it just ends. */
const MIN_RENEWABLE_MS = 5_500;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Answers that are kept for a client that sends again what it sent before a drop. */
const MAX_ANSWERS_KEPT = 1_000;
const RATE_WINDOW_MS = 1_000;

type Answer = Extract<ServerFrame, { msgSerial: number }>;

/**
 * One client, over as many sockets as it takes. What a dropped client missed is not queued here:
 * it attaches again with the serial it had, and each channel's log gives it the rest.
 */
export class Connection {
  readonly id = randomBytes(8).toString("base64url");
  identity: Identity;
  readonly #app: App;
  readonly #auth: Auth;
  readonly #serverId: string;
  readonly #onGone: () => void;
  #transport: Transport | undefined;
  #transports = 0;
  #remainPresentFor = 0;
  readonly #attachments = new Map<string, Attachment>();
  /** Channels on which this connection has entered someone. */
  readonly #presentOn = new Set<string>();
  readonly #answers = new Map<number, Answer>();
  #rate = { since: 0, count: 0 };
  #timers: NodeJS.Timeout[] = [];

  constructor(app: App, auth: Auth, identity: Identity, serverId: string, onGone: () => void) {
    this.#app = app;
    this.#auth = auth;
    this.identity = identity;
    this.#serverId = serverId;
    this.#onGone = onGone;
  }

  get appId(): string {
    return this.#app.id;
  }

  get echo(): boolean {
    return this.#transport?.params.echo ?? true;
  }

  get isOpen(): boolean {
    return this.#transport !== undefined;
  }

  /** Takes a new socket: the first, or one that resumes. `error` says why a resume failed. */
  open(transport: Transport, identity: Identity, error?: AblyError): void {
    this.#transport?.cut();
    this.#detachAll();
    this.#transport = transport;
    this.#transports += 1;
    this.#remainPresentFor = transport.params.remainPresentFor;
    this.identity = identity;
    this.#watchToken();
    this.#sendConnected(error);
  }

  /** The socket is gone without a CLOSE. Presence and state wait for it to come back. */
  drop(transport: Transport): void {
    if (transport !== this.#transport) return;
    this.#transport = undefined;
    this.#detachAll();
    const { connectionStateTtl } = this.#app.settings;
    this.#setTimers(
      [this.#remainPresentFor, () => this.#leaveAll()],
      [connectionStateTtl, () => this.#forget()],
    );
  }

  /** Ends it for good. */
  close(lastFrame: ServerFrame = { action: Action.CLOSED }): void {
    const transport = this.#transport;
    this.#transport = undefined;
    this.#detachAll();
    this.#forget();
    transport?.end(lastFrame);
  }

  /** Cuts the socket, which the client may then resume. */
  cut(): void {
    this.#transport?.cut();
  }

  /** What happens when the token has reached its end. */
  expireToken(): void {
    const error = new AblyError(40142, 401, "The token has expired.").toJSON();
    this.#transport?.end({ action: Action.DISCONNECTED, error });
  }

  send(frame: ServerFrame): void {
    this.#transport?.send(frame);
  }

  receive(frame: ClientFrame): void {
    switch (frame.action) {
      case Action.HEARTBEAT:
        return this.send({ action: Action.HEARTBEAT, id: frame.id });
      case Action.CLOSE:
        return this.close();
      case Action.DISCONNECT:
        return this.#transport?.cut();
      case Action.AUTH:
        return this.#handleAuth(frame.accessToken);
      case Action.ATTACH:
        return this.#onChannel(frame.channel, () => this.#handleAttach(frame));
      case Action.DETACH:
        return this.#onChannel(frame.channel, () => this.#handleDetach(frame.channel));
      case Action.SYNC:
        return this.#attachments.get(frame.channel)?.sync();
      case Action.MESSAGE:
      case Action.PRESENCE:
        return this.#answer(frame);
      default:
        return frame satisfies never;
    }
  }

  #handleAuth(token: string): void {
    try {
      const identity = this.#auth.identify({ token });
      this.identity = mergeIdentity(identity, this.identity.clientId);
      if (identity.appId !== this.#app.id) throw incompatible();
    } catch (error) {
      this.close({ action: Action.ERROR, error: toAblyError(error).toJSON() });
      return;
    }
    for (const [name, attachment] of this.#attachments) {
      this.#onChannel(name, () => attachment.reauthorize());
    }
    this.#watchToken();
    this.#sendConnected();
  }

  #handleAttach(frame: AttachFrame): void {
    const channel = this.#app.channel(frame.channel);
    const attachment = this.#attachments.get(frame.channel) ?? new Attachment(this, channel);
    const limit = this.#app.settings.maxChannelsPerConnection;
    if (this.#attachments.size >= limit && !this.#attachments.has(frame.channel)) {
      throw new AblyError(90010, 400, `A connection may attach to ${limit} channels at the most.`);
    }
    this.#attachments.set(frame.channel, attachment);
    attachment.attach(frame);
  }

  #handleDetach(name: string): void {
    this.#release(name);
    this.send({ action: Action.DETACHED, channel: name });
  }

  /** A publish is answered once: a client that sends it again after a drop gets the same answer. */
  #answer(frame: PublishFrame): void {
    const before = this.#answers.get(frame.msgSerial);
    if (before) return this.send(before);
    const answer = this.#publish(frame);
    this.#answers.set(frame.msgSerial, answer);
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > MAX_ANSWERS_KEPT && oldest !== undefined) this.#answers.delete(oldest);
    this.send(answer);
  }

  #publish(frame: PublishFrame): Answer {
    const { msgSerial } = frame;
    try {
      const serials =
        frame.action === Action.MESSAGE ? this.#handleMessage(frame) : this.#handlePresence(frame);
      return { action: Action.ACK, msgSerial, count: 1, res: [{ serials }] };
    } catch (error) {
      return { action: Action.NACK, msgSerial, count: 1, error: toAblyError(error).toJSON() };
    }
  }

  #handleMessage(frame: Extract<PublishFrame, { action: typeof Action.MESSAGE }>): string[] {
    this.#checkRate(frame.messages.length);
    const channel = this.#app.channel(frame.channel);
    this.#requireMode(frame.channel, Flag.PUBLISH, "publish");
    const messages = checkPublish(frame.messages, frame.channel, this.identity, this.#app.settings);
    const entry = channel.publish(messages, `${this.id}:${frame.msgSerial}`, this.id);
    return (entry.messages ?? []).map(({ serial = "" }) => serial);
  }

  #handlePresence(frame: Extract<PublishFrame, { action: typeof Action.PRESENCE }>): string[] {
    const channel = this.#app.channel(frame.channel);
    requireCapability(this.identity.capability, frame.channel, "presence");
    this.#requireMode(frame.channel, Flag.PRESENCE, "presence");
    if (!this.#attachments.has(frame.channel)) {
      throw new AblyError(91001, 400, "Presence needs the channel to be attached.");
    }
    const id = `${this.id}:${frame.msgSerial}`;
    const members = frame.presence.map((message, index): Member => {
      const clientId = senderOf(message.clientId, this.identity.clientId);
      if (clientId === undefined) {
        throw new AblyError(91000, 400, "Presence needs a clientId, and this client has none.");
      }
      return { timestamp: 0, id: `${id}:${index}`, ...message, clientId, connectionId: this.id };
    });
    this.#presentOn.add(frame.channel);
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
    const { maxInboundRate } = this.#app.settings;
    const now = Date.now();
    if (now - this.#rate.since >= RATE_WINDOW_MS) this.#rate = { since: now, count: 0 };
    this.#rate.count += messages;
    if (this.#rate.count > maxInboundRate) {
      throw new AblyError(
        42911,
        429,
        `A connection may publish ${maxInboundRate} messages a second; this one was not sent.`,
      );
    }
  }

  /** Runs a channel's operation. What it throws is the channel's error, and ends the attachment. */
  #onChannel(name: string, operation: () => void): void {
    try {
      operation();
    } catch (error) {
      this.#release(name);
      this.send({ action: Action.ERROR, channel: name, error: toAblyError(error).toJSON() });
    }
  }

  #release(name: string): void {
    const attachment = this.#attachments.get(name);
    this.#attachments.delete(name);
    attachment?.detach();
    if (this.#presentOn.delete(name)) this.#app.channel(name).leaveAll(this.id);
  }

  #detachAll(): void {
    for (const attachment of this.#attachments.values()) attachment.detach();
    this.#attachments.clear();
  }

  #leaveAll(): void {
    for (const name of this.#presentOn) this.#app.channel(name).leaveAll(this.id);
    this.#presentOn.clear();
  }

  #forget(): void {
    this.#setTimers();
    this.#leaveAll();
    this.#onGone();
  }

  #sendConnected(error?: AblyError): void {
    const { settings } = this.#app;
    this.send({
      action: Action.CONNECTED,
      connectionId: this.id,
      connectionDetails: {
        clientId: this.identity.clientId,
        connectionKey: `${keyOf(this.id)}-${this.#transports}`,
        connectionStateTtl: settings.connectionStateTtl,
        maxFrameSize: settings.maxFrameSize,
        maxIdleInterval: this.#transport?.params.maxIdleInterval ?? settings.maxIdleInterval,
        maxInboundRate: settings.maxInboundRate,
        maxMessageSize: settings.maxMessageSize,
        maxOutboundRate: settings.maxInboundRate,
        serverId: this.#serverId,
      },
      ...(error && { error: error.toJSON() }),
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
    this.#timers = timers.map(([ms, run]) => setTimeout(run, Math.min(ms, MAX_TIMEOUT_MS)));
  }
}

/** Only this process can make a connection's key from its id, which everyone on a channel sees. */
const KEY_SECRET = randomBytes(32);

function keyOf(id: string): string {
  return `${id}!${createHmac("sha256", KEY_SECRET).update(id).digest("base64url").slice(0, 16)}`;
}

/** The id of the connection that a connection key opens, or undefined if it was made elsewhere. */
export function readConnectionKey(connectionKey: string): string | undefined {
  const [id = ""] = connectionKey.split("!");
  return connectionKey.replace(/-\d+$/, "") === keyOf(id) ? id : undefined;
}

/**
 * Who a client is, given what it claims to be beside its token. Throws 40102 if the two differ.
 */
export function mergeIdentity(identity: Identity, claimed: string | undefined): Identity {
  const own = identity.clientId;
  if (claimed === undefined || claimed === own) return identity;
  if (own !== "*" && claimed !== "*") throw incompatible();
  return { ...identity, clientId: own === "*" ? claimed : own };
}

function incompatible(): AblyError {
  return new AblyError(40102, 401, "The clientId is not the one of the token.");
}
