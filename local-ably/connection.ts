import { randomBytes } from "node:crypto";
import { parseAnnotations } from "./annotation.ts";
import type { App } from "./app.ts";
import { Attachment } from "./attachment.ts";
import type { Auth, Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import type { Channel } from "./channel.ts";
import { AblyError, assert, toAblyError } from "./error.ts";
import { decode } from "./format.ts";
import { parseMessages } from "./message.ts";
import {
  Action,
  type ClientFrame,
  Flag,
  MessageAction,
  type ServerFrame,
  parseFrame,
} from "./protocol.ts";
import {
  type Publisher,
  changeMessage,
  publishAnnotations,
  publishMessages,
  publishPresence,
} from "./publisher.ts";
import type { Transport } from "./transport.ts";

/** How long before a token expires the client is asked for a new one. */
const RENEWAL_LEAD_MS = 30_000;
/** The client is not asked to renew a token that arrives with less time than this. */
const MIN_RENEWABLE_MS = 5_500;
/** The longest delay that setTimeout supports. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const RATE_WINDOW_MS = 1_000;
/** Answers kept for frames that a client sends again because it missed the answer. */
const MAX_ANSWERS_KEPT = 100;
const OBJECT_ACTIONS: unknown[] = [19, 20];

/** What a connection needs of the server. */
export type Host = { readonly auth: Auth; readonly connections: Map<string, Connection> };

/** The serials that a frame was acknowledged with. */
type Answer = { action: unknown; channel: Channel; serials: string[] };

/**
 * One client, over one or several sockets. Missed frames are not queued: after a resume, the
 * client attaches again with its last serial, and the channel sends what came after it.
 */
export class Connection {
  readonly id = randomBytes(8).toString("base64url");
  identity: Identity;
  /** The current socket. Undefined while the connection waits to be resumed. */
  transport: Transport | undefined;
  readonly attachments = new Map<string, Attachment>();
  readonly #host: Host;
  readonly #app: App;
  readonly #secret = randomBytes(12).toString("base64url");
  /** By msgSerial. */
  readonly #answers = new Map<number, Answer>();
  #rate = { since: 0, count: 0 };
  #timers: NodeJS.Timeout[] = [];

  constructor(host: Host, app: App, identity: Identity) {
    this.#host = host;
    this.#app = app;
    this.identity = identity;
    host.connections.set(this.id, this);
  }

  /** Returns the connection that a connection key belongs to. Keys of earlier sockets count too. */
  static find({ connections }: Host, key: string): Connection | undefined {
    const [, id = "", secret] = key.split("!");
    const connection = connections.get(id);
    return connection && connection.#secret === secret ? connection : undefined;
  }

  /** @param error Why the client gets a new connection instead of the one that it asked for. */
  open(transport: Transport, identity: Identity, error?: AblyError): void {
    this.#replaceTransport(transport)?.cut();
    this.#authorize(identity, error);
  }

  /** Handles a lost socket. Presence and state are kept for a time. */
  drop(transport: Transport): void {
    if (transport !== this.transport) return;
    this.#replaceTransport(undefined);
    this.#setTimers(
      [transport.remainPresentFor, () => this.#leaveAll()],
      [this.#app.settings.connectionStateTtl, () => this.close()],
    );
  }

  /** Ends the connection for good. Its members leave. */
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

  /** Detaches from a channel, and sends the frame. */
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

  receive(transport: Transport, data: Buffer): void {
    // Ignored: the socket was closed or replaced.
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
        return this.#acknowledge(frame, (channel) => this.#handleMessage(frame, channel));
      case Action.PRESENCE:
        return this.#acknowledge(frame, (channel) => this.#handlePresence(frame, channel));
      case Action.ANNOTATION:
        return this.#acknowledge(frame, (channel) => this.#handleAnnotation(frame, channel));
      default: {
        const what = OBJECT_ACTIONS.includes(frame.action) ? "objects" : `action ${frame.action}`;
        throw new AblyError(40000, `Local Ably has no ${what}. See local-ably/README.md.`);
      }
    }
  }

  /** Answers a refused ATTACH with an ERROR of the channel, and a publish with a NACK. */
  #refuse(frame: ClientFrame | undefined, error: AblyError): void {
    const { action, channel = "", msgSerial } = frame ?? {};
    if (action === Action.ATTACH) this.detach({ action: Action.ERROR, channel, error });
    else if (msgSerial === undefined) this.close({ action: Action.ERROR, error });
    else this.send({ action: Action.NACK, msgSerial, count: 1, error });
  }

  /** Runs a publish once: a frame that is sent again after a drop gets the same answer. */
  #acknowledge(frame: ClientFrame, run: (channel: Channel) => string[]): void {
    const { action, msgSerial = 0 } = frame;
    const channel = this.#app.channel(frame.channel);
    const known = this.#answers.get(msgSerial);
    const isRepeated = known?.channel === channel && known.action === action;
    const serials = isRepeated ? known.serials : run(channel);
    this.#answers.set(msgSerial, { action, channel, serials });
    const [oldest = 0] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS_KEPT) this.#answers.delete(oldest);
    this.send({ action: Action.ACK, msgSerial, count: 1, res: [{ serials }] });
  }

  #handleAuth({ accessToken: token }: ClientFrame): void {
    const { clientId, keyName } = this.identity;
    const claimed = clientId === "*" ? undefined : clientId;
    const identity = this.#host.auth.identify({ token, clientId: claimed });
    assert(
      identity.keyName === keyName && identity.clientId === clientId,
      40102,
      "The token has another key or clientId than the connection.",
    );
    this.#authorize(identity);
  }

  #handleAttach(frame: ClientFrame, transport: Transport): void {
    const channel = this.#app.channel(frame.channel);
    const known = this.attachments.get(channel.name);
    const { maxChannelsPerConnection: limit } = this.#app.settings;
    assert(
      known || this.attachments.size < limit,
      90010,
      `A connection may attach to at most ${limit} channels. Detach from some.`,
    );
    const attachment = known ?? new Attachment(channel, this.id, transport);
    this.attachments.set(channel.name, attachment);
    attachment.attach(frame, this.identity.capability);
  }

  /** Returns the serials of the messages, or of the new version. */
  #handleMessage({ msgSerial, messages }: ClientFrame, channel: Channel): string[] {
    const drafts = parseMessages(messages, channel.settings);
    this.#checkRate(drafts.length);
    const isCreate = drafts.every(({ action = 0 }) => action === MessageAction.CREATE);
    if (isCreate) requireCapability(this.identity.capability, channel.name, "publish");
    // Publishing works without attaching, but not against the modes of an attachment.
    const { modes = Flag.PUBLISH } = this.attachments.get(channel.name) ?? {};
    assert(modes & Flag.PUBLISH, 40165, "The channel is attached without the mode publish.");
    const publisher = this.#publisher(channel, msgSerial);
    if (!isCreate) return [changeMessage(publisher, drafts).version?.serial ?? ""];
    return publishMessages(publisher, drafts).map(({ serial = "" }) => serial);
  }

  #handleAnnotation({ msgSerial, annotations }: ClientFrame, channel: Channel): string[] {
    const drafts = parseAnnotations(annotations, channel.settings);
    this.#checkRate(drafts.length);
    const { modes = Flag.ANNOTATION_PUBLISH } = this.attachments.get(channel.name) ?? {};
    assert(
      modes & Flag.ANNOTATION_PUBLISH,
      40160,
      "The channel is attached without the mode annotation_publish.",
    );
    const published = publishAnnotations(this.#publisher(channel, msgSerial), drafts);
    return published.map(({ serial = "" }) => serial);
  }

  #handlePresence({ msgSerial, presence }: ClientFrame, channel: Channel): string[] {
    const attachment = this.attachments.get(channel.name);
    assert(attachment, 91001, "Presence needs an attached channel. Attach first.");
    requireCapability(this.identity.capability, channel.name, "presence");
    const isGranted = attachment.modes & Flag.PRESENCE;
    assert(isGranted, 40165, "The channel is attached without the mode presence.");
    const drafts = parseMessages(presence, channel.settings);
    this.#checkRate(drafts.length);
    publishPresence(this.#publisher(channel, msgSerial), drafts);
    return [];
  }

  #publisher(channel: Channel, msgSerial = 0): Publisher {
    const sender = { id: `${this.id}:${msgSerial}`, connectionId: this.id };
    const { connections } = this.#host;
    return { channel, identity: this.identity, sender, connections };
  }

  #checkRate(count: number): void {
    const { maxInboundRate } = this.#app.settings;
    const now = Date.now();
    if (now - this.#rate.since >= RATE_WINDOW_MS) this.#rate = { since: now, count: 0 };
    this.#rate.count += count;
    assert(
      this.#rate.count <= maxInboundRate,
      42911,
      `A connection may publish ${maxInboundRate} messages a second. Publish again later.`,
    );
  }

  /** Without its socket a connection is not attached: a client that resumes attaches again. */
  #replaceTransport(transport: Transport | undefined): Transport | undefined {
    const previous = this.transport;
    this.transport = transport;
    for (const { channel } of this.attachments.values()) channel.subscribers.delete(this.id);
    this.attachments.clear();
    return previous;
  }

  #leaveAll(): void {
    for (const channel of this.#app.channels.values()) channel.leaveAll(this.id);
  }

  /** Applies a new identity: ends attachments that it does not allow, and sends CONNECTED. */
  #authorize(identity: Identity, error?: AblyError): void {
    this.identity = identity;
    const left = (identity.expires ?? Infinity) - Date.now();
    // Short tokens are renewed later: otherwise the client would renew without a pause.
    const renewal = left > MIN_RENEWABLE_MS ? Math.max(left - RENEWAL_LEAD_MS, left / 4) : Infinity;
    this.#setTimers(
      [left, () => this.expireToken()],
      [renewal, () => this.send({ action: Action.AUTH })],
    );
    for (const [channel, attachment] of this.attachments) {
      try {
        attachment.authorize(identity.capability);
      } catch (thrown) {
        this.detach({ action: Action.ERROR, channel, error: toAblyError(thrown) });
      }
    }
    const connectionDetails = this.#details();
    this.send({ action: Action.CONNECTED, connectionId: this.id, connectionDetails, error });
  }

  #details() {
    const { epoch, settings } = this.#app;
    const { connectionStateTtl, maxFrameSize, maxInboundRate, maxMessageSize } = settings;
    return {
      clientId: this.identity.clientId,
      // It changes with each socket, and nobody can guess it.
      connectionKey: [epoch, this.id, this.#secret, randomBytes(3).toString("hex")].join("!"),
      connectionStateTtl,
      maxFrameSize,
      maxIdleInterval: this.transport?.maxIdleInterval,
      maxInboundRate,
      maxMessageSize,
      maxOutboundRate: maxInboundRate,
      serverId: epoch,
    };
  }

  /** Replaces all timers. Delays longer than setTimeout supports are skipped. */
  #setTimers(...timers: [ms: number, run: () => void][]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    const supported = timers.filter(([ms]) => ms <= MAX_TIMEOUT_MS);
    this.#timers = supported.map(([ms, run]) => setTimeout(run, ms));
  }
}
