/** One client's connection: it lasts over several sockets, and answers each frame. */
import { randomBytes } from "node:crypto";
import { parseAnnotations } from "./annotation.ts";
import { type Attachment, detach, handleAttach } from "./attachment.ts";
import type { Auth, Identity } from "./auth.ts";
import { channelSerialOf, serialOf } from "./channel.ts";
import { AblyError, assert, toAblyError } from "./error.ts";
import { decode } from "./format.ts";
import { parseMessages } from "./message.ts";
import { Action, type ClientFrame, type ServerFrame, parseFrame } from "./protocol.ts";
import * as publisher from "./publisher.ts";
import type { Host as TransportHost, Transport } from "./transport.ts";

/** How long before its end a token is renewed. */
const RENEWAL_LEAD_MS = 30_000;
/** Below this, the client would renew without a pause. */
const MIN_RENEWABLE_MS = 5_500;
const TOKEN_REVOKED = 40141;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Ably measures rates over 6 s, so a client may publish what it has in one go. */
const RATE_WINDOW_S = 6;
/** Answers kept for frames that a client sends again after a drop. */
const MAX_ANSWERS_KEPT = 100;
/** The channel serial and the number of what was published: all serials follow from them. */
type Answer = { serial: string; count: number };

export type Host = TransportHost & {
  readonly auth: Auth;
  readonly connections: Map<string, Connection>;
};

/**
 * One client, over one or several sockets. Missed frames are not queued: after a resume, the
 * client attaches again with its last serial, and the channel sends what came after it.
 */
export class Connection {
  /** ATTACH, DETACH and SYNC are in `attachment.ts`, and publishes in `publisher.ts`. */
  static readonly #handlers = new Map<unknown, (self: Connection, frame: ClientFrame) => void>([
    [Action.HEARTBEAT, (self, { id }) => self.transport?.send({ action: Action.HEARTBEAT, id })],
    [Action.PONG, (self, { id }) => self.transport?.answerPing(id)],
    [Action.CLOSE, (self) => self.close()],
    [Action.DISCONNECT, (self) => self.transport?.cut()],
    [Action.AUTH, (self, frame) => self.#handleAuth(frame)],
    [Action.ATTACH, handleAttach],
    [Action.DETACH, (self, { channel }) => detach(self, { action: Action.DETACHED, channel })],
    [Action.SYNC, (self, { channel }) => self.attachments.get(channel)?.sync()],
    [Action.MESSAGE, (self, frame) => self.#handlePublish(frame)],
    [Action.PRESENCE, (self, frame) => self.#handlePublish(frame)],
    [Action.ANNOTATION, (self, frame) => self.#handlePublish(frame)],
  ]);
  readonly id = randomBytes(8).toString("base64url");
  identity: Identity;
  /** Undefined while the connection waits to be resumed. */
  transport: Transport | undefined;
  readonly attachments = new Map<string, Attachment>();
  readonly #host: Host;
  readonly #secret = randomBytes(12).toString("base64url");
  readonly #answers = new Map<string, Answer>();
  /** Publishes that count in the rate now. The count sinks by `maxInboundRate` a second. */
  #rate = { at: 0, count: 0 };
  #timers: NodeJS.Timeout[] = [];
  #leaving: NodeJS.Timeout | undefined;

  constructor(host: Host, identity: Identity) {
    this.#host = host;
    this.identity = identity;
    host.connections.set(this.id, this);
  }

  /** Returns the connection of a connection key. Keys of its earlier sockets are valid, too. */
  static find({ connections }: Host, key: string): Connection | undefined {
    const [, id = "", secret] = key.split("!");
    const connection = connections.get(id);
    return connection && connection.#secret === secret ? connection : undefined;
  }

  /** @param error Why the client did not get the connection that it wanted to resume. */
  open(transport: Transport, identity: Identity, error?: AblyError): void {
    this.#replaceTransport(transport)?.cut();
    this.#authorize(identity, error);
  }

  /** Keeps presence and state for a time after the socket is lost. */
  drop(transport: Transport): void {
    if (transport !== this.transport) return;
    this.#replaceTransport(undefined);
    this.#setTimers([this.#host.settings.connectionStateTtl, () => this.close()]);
    // A client that resumes may have closed some channels meanwhile.
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => this.#leaveAll(), transport.remainPresentFor);
  }

  close(lastFrame: ServerFrame = { action: Action.CLOSED }): void {
    const transport = this.#replaceTransport(undefined);
    this.#leaveAll();
    this.#setTimers();
    clearTimeout(this.#leaving);
    this.#host.connections.delete(this.id);
    transport?.end(lastFrame);
  }

  /** Disconnects the client, which gets a new token and resumes. */
  endToken(error = new AblyError(40142, "The token has expired.")): void {
    this.transport?.end({ action: Action.DISCONNECTED, error });
  }

  /** Renews the token before it ends. Call it again when the end has changed. */
  watchToken(): void {
    if (!this.transport) return;
    const { at, error } = this.#host.auth.endOf(this.identity);
    const left = at - Date.now();
    // A token of under 40 s is renewed after a quarter of its time.
    const renewal = left > MIN_RENEWABLE_MS ? Math.max(left - RENEWAL_LEAD_MS, left / 4) : Infinity;
    const renew = () => this.transport?.send({ action: Action.AUTH });
    const isRevoked = error.code === TOKEN_REVOKED;
    this.#setTimers([left, () => this.endToken(error)], [isRevoked ? 0 : renewal, renew]);
  }

  receive(transport: Transport, data: Buffer): void {
    if (transport !== this.transport) return;
    let frame: ClientFrame | undefined;
    try {
      frame = parseFrame(decode(data, transport.format));
      const handle = Connection.#handlers.get(frame.action);
      // A newer client may send what this server does not know, if it waits for no answer.
      if (!handle && frame.msgSerial === undefined) return;
      assert(handle, 40000, `Local Ably has no action ${frame.action}. See its README.`);
      handle(this, frame);
    } catch (thrown) {
      const error = toAblyError(thrown);
      const { action, channel = "", msgSerial } = frame ?? {};
      if (action === Action.ATTACH) detach(this, { action: Action.ERROR, channel, error });
      else if (msgSerial === undefined) this.close({ action: Action.ERROR, error });
      else this.transport?.send({ action: Action.NACK, msgSerial, count: 1, error });
    }
  }

  #handleAuth({ accessToken: token }: ClientFrame): void {
    const { clientId, keyName } = this.identity;
    const claimed = clientId === "*" ? undefined : clientId;
    const identity = this.#host.auth.identify({ token, clientId: claimed });
    const isSame = identity.keyName === keyName && identity.clientId === clientId;
    assert(isSame, 40102, "The token has another key or clientId than the connection.");
    this.#authorize(identity);
  }

  /** Publishes once: a frame that is sent again after a drop gets the same answer. */
  #handlePublish(frame: ClientFrame): void {
    const { action, msgSerial = 0 } = frame;
    const key = `${msgSerial} ${action}`;
    const answer = this.#answers.get(key) ?? toAnswer(this.#publish(frame));
    this.#answers.set(key, answer);
    const [oldest = ""] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS_KEPT) this.#answers.delete(oldest);
    const serials = Array.from({ length: answer.count }, (_, i) => serialOf(answer.serial, i));
    this.transport?.send({ action: Action.ACK, msgSerial, count: 1, res: [{ serials }] });
  }

  #publish({ action, channel: name, msgSerial = 0, items }: ClientFrame): string[] {
    const { identity } = this;
    const { settings } = this.#host;
    const channel = identity.app.channel(name, identity);
    const sender = { id: `${this.id}:${msgSerial}`, connectionId: this.id };
    const attachment = this.attachments.get(name);
    const own = { channel, identity, sender, attachment, host: this.#host };
    if (action === Action.ANNOTATION)
      return publisher.publishAnnotations(own, this.#count(parseAnnotations(items, settings)));
    const drafts = this.#count(parseMessages(items, settings));
    if (action === Action.PRESENCE) return publisher.publishPresence(own, drafts);
    const isChange = drafts.some(({ action: change }) => change);
    if (isChange) return [publisher.changeMessage(own, drafts)];
    return publisher.publishMessages(own, drafts).serials;
  }

  #count<T>(drafts: T[]): T[] {
    const { maxInboundRate: max } = this.#host.settings;
    const { at, count } = this.#rate;
    const now = Date.now();
    // The computer's clock may have been set back.
    const seconds = Math.max(0, now - at) / 1_000;
    const left = Math.max(0, count - seconds * max);
    const hasRoom = left + drafts.length <= max * RATE_WINDOW_S;
    assert(hasRoom, 42911, `Publish at most ${max} messages a second. Try later.`);
    this.#rate = { at: now, count: left + drafts.length };
    return drafts;
  }

  /** Without its socket a connection is not attached: a client that resumes attaches again. */
  #replaceTransport(transport: Transport | undefined): Transport | undefined {
    const previous = this.transport;
    this.transport = transport;
    for (const { channel } of this.attachments.values()) channel.subscribers.delete(this.id);
    this.attachments.clear();
    return previous;
  }

  /** Leaves the channels to which it is not attached. */
  #leaveAll(): void {
    for (const channel of this.identity.app.channels.values()) {
      if (!this.attachments.has(channel.name)) channel.leaveAll(this.id);
    }
  }

  /** Ends attachments that the identity does not allow, and sends CONNECTED. */
  #authorize(identity: Identity, error?: AblyError): void {
    this.identity = identity;
    this.watchToken();
    for (const [channel, attachment] of this.attachments) {
      try {
        attachment.authorize(identity.capability);
      } catch (thrown) {
        detach(this, { action: Action.ERROR, channel, error: toAblyError(thrown) });
      }
    }
    const connectionDetails = this.#details();
    const { id: connectionId } = this;
    this.transport?.send({ action: Action.CONNECTED, connectionId, connectionDetails, error });
  }

  #details() {
    const { app, clientId } = this.identity;
    const { epoch, settings } = app;
    const { connectionStateTtl, maxFrameSize, maxInboundRate, maxMessageSize } = settings;
    const maxIdleInterval = this.transport?.maxIdleInterval;
    const limits = { maxFrameSize, maxInboundRate, maxMessageSize, maxIdleInterval };
    // It changes with each socket, and nobody can guess it.
    const connectionKey = [epoch, this.id, this.#secret, randomBytes(3).toString("hex")].join("!");
    const ids = { clientId, connectionKey, serverId: epoch };
    return { ...ids, ...limits, connectionStateTtl, maxOutboundRate: maxInboundRate };
  }

  /** Replaces all timers. Delays longer than setTimeout supports are skipped. */
  #setTimers(...timers: [ms: number, run: () => void][]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    const supported = timers.filter(([ms]) => ms <= MAX_TIMEOUT_MS);
    this.#timers = supported.map(([ms, run]) => setTimeout(run, ms));
  }
}

function toAnswer(serials: string[]): Answer {
  return { serial: channelSerialOf(serials[0]), count: serials.length };
}
