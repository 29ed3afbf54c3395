/** What a test may change. The limits are Ably's: https://ably.com/docs/platform/pricing/limits */
export const DEFAULT_SETTINGS = {
  connectionStateTtl: 120_000, // how long a dropped connection can be resumed, ms
  maxIdleInterval: 15_000, // between heartbeats, ms; heartbeatInterval overrides it
  remainPresentFor: 15_000, // how long a member stays without a connection, ms
  messageTtl: 120_000, // how far back history, rewind, resume and deduplication reach, ms
  mutableMessages: true, // messages can be changed and annotated; on Ably, a channel rule
  acceptUndecodable: false, // accept what subscribers cannot decode, to test a page with it

  maxInboundRate: 50, // what one connection publishes in a second, measured over 6 s
  maxMessageSize: 65_536, // one publish: names, client IDs, data and extras together, bytes
  maxMessagesPerPublish: 1_000, // https://ably.com/docs/messages/batch
  maxPresenceMembers: 200,
  maxChannelsPerConnection: 200,
  maxFrameSize: 524_288, // one frame or one request body, bytes

  // Ably has no such limits. They bound the memory of this process.
  maxConnections: 2_000, // open ones, and those that can be resumed
  maxChannels: 10_000, // of one app; those that nobody is in make room for others
  maxIdleChannelsPerClient: 1_000, // a client loses its oldest channel that nobody is in
  maxMessagesKept: 10_000, // of one channel
  maxBytesKept: 134_217_728, // messages of one app
  maxBytesPresent: 33_554_432, // members of one app
  maxBytesUnsent: 16_777_216, // frames that wait for one slow client, which is then disconnected
  maxBytesUnsentInTotal: 268_435_456, // frames that wait for all slow clients
  maxBytesBeingReceived: 33_554_432, // request bodies
  maxRevocations: 10_000, // of one key's tokens
  maxTokenRequests: 100_000, // in the 4 minutes in which they could be replayed
};

export type Settings = typeof DEFAULT_SETTINGS;
