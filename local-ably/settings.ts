/** Ably's own limits, each of which a test may change. https://ably.com/docs/platform/pricing/limits */
export const DEFAULT_SETTINGS = {
  /** How long the state of a dropped connection is kept for a resume, ms. */
  connectionStateTtl: 120_000,
  /** How long the line may be silent, ms. A client may ask for its own with `heartbeatInterval`. */
  maxIdleInterval: 15_000,
  /** How long a member stays present without a connection, ms. `remainPresentFor` overrides it. */
  remainPresentFor: 15_000,
  /** How long messages are kept for history, rewind and resume, ms. */
  messageTtl: 120_000,
  /** How many frames of messages or presence a channel keeps at the most. */
  maxMessagesKept: 10_000,
  /** How much the channels of an app keep together. Ably has no such limit; this machine has. */
  maxBytesKept: 134_217_728,
  /** How much may wait for a client that reads too slowly, bytes. Beyond it, the client is cut. */
  maxBytesUnsent: 16_777_216,
  /** One publish: names, clientIds, data and extras together, bytes. */
  maxMessageSize: 65_536,
  /** One frame on the socket, or one body of a request, bytes. */
  maxFrameSize: 524_288,
  /** Messages that one connection may publish in a second. */
  maxInboundRate: 50,
  maxPresenceMembers: 200,
  maxChannelsPerConnection: 200,
  /** Of one app, where someone is attached or present, or messages are kept. */
  maxChannels: 10_000,
  /** With those that wait to be resumed. */
  maxConnections: 10_000,
};

export type Settings = typeof DEFAULT_SETTINGS;
