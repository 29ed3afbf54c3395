/**
 * Ably's limits and rules, each of which a test may change.
 * https://ably.com/docs/platform/pricing/limits
 */
export const DEFAULT_SETTINGS = {
  /** How long a dropped connection can be resumed, ms. */
  connectionStateTtl: 120_000,
  /** The longest silence on a connection, ms. A client may ask for another `heartbeatInterval`. */
  maxIdleInterval: 15_000,
  /** How long a member stays present without a connection, ms. */
  remainPresentFor: 15_000,
  /** How far back history, rewind, resume and deduplication reach, ms. */
  messageTtl: 120_000,
  /** Whether messages can be changed and annotated. On Ably, a rule of the channel. */
  mutableMessages: true,
  /** Accept messages that subscribers cannot decode. Only to test how a page handles them. */
  acceptUndecodable: false,

  /** Publishes, presence included, that one connection may send in a second. */
  maxInboundRate: 50,
  /** One publish: names, client IDs, data and extras together, bytes. */
  maxMessageSize: 65_536,
  /** Messages in one publish. https://ably.com/docs/messages/batch */
  maxMessagesPerPublish: 1_000,
  maxPresenceMembers: 200,
  maxChannelsPerConnection: 200,
  /** One frame on a socket, or one request body, bytes. */
  maxFrameSize: 524_288,

  // Ably has no such limits. They bound the memory of this process.
  /** Open connections and those that can be resumed. */
  maxConnections: 2_000,
  /** Channels of one app that someone uses, or that keep recent messages. */
  maxChannels: 10_000,
  /** Frames that one channel keeps. */
  maxMessagesKept: 10_000,
  /** Messages that the channels of one app keep, bytes. */
  maxBytesKept: 134_217_728,
  /** Data of all present members of one app, bytes. */
  maxBytesPresent: 33_554_432,
  /** Frames that wait for one slow client, bytes. Beyond it, the client is disconnected. */
  maxBytesUnsent: 16_777_216,
  /** Frames that wait for all slow clients, bytes. */
  maxBytesUnsentInTotal: 268_435_456,
  /** Request bodies that are being received, bytes. */
  maxBytesBeingReceived: 33_554_432,
  /** Token requests within the 4 minutes in which they could be replayed. */
  maxTokenRequests: 100_000,
};

export type Settings = typeof DEFAULT_SETTINGS;
