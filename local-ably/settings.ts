/** Ably's own limits, each of which a test may change. https://ably.com/docs/platform/pricing/limits */
export type Settings = {
  /** How long the state of a dropped connection is kept for a resume, ms. */
  connectionStateTtl: number;
  /** How long the line may be silent, ms. A client may ask for its own with `heartbeatInterval`. */
  maxIdleInterval: number;
  /** How long a member stays present without a connection, ms. `remainPresentFor` overrides it. */
  remainPresentFor: number;
  /** How long messages are kept for history, rewind and resume, ms. */
  messageTtl: number;
  /** How many messages a channel keeps at the most. */
  maxMessagesKept: number;
  /** One publish, names, clientIds, data and extras together, bytes. */
  maxMessageSize: number;
  /** One frame on the socket, bytes. */
  maxFrameSize: number;
  /** Messages that one connection may publish in a second. */
  maxInboundRate: number;
  maxPresenceMembers: number;
  maxChannelsPerConnection: number;
};

export const DEFAULT_SETTINGS: Settings = {
  connectionStateTtl: 120_000,
  maxIdleInterval: 15_000,
  remainPresentFor: 15_000,
  messageTtl: 120_000,
  maxMessagesKept: 10_000,
  maxMessageSize: 65_536,
  maxFrameSize: 524_288,
  maxInboundRate: 50,
  maxPresenceMembers: 200,
  maxChannelsPerConnection: 200,
};
