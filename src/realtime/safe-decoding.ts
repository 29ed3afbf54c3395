/**
 * KEPT, hardening. The Ably SDK's transports, changed in one place: a message that this client cannot
 * decode is delivered as `{ encoding, data }`.
 *
 * Anyone with a token can publish a message with the encoding `vcdiff`, or with `extras.delta`. The
 * SDK fails the whole channel for the first and reattaches for the second, and `rewind` delivers the
 * message again to everyone who comes later. No public option prevents that, so this file overrides
 * one method of the SDK. `tests/realtime/safe-decoding.test.ts` checks it against the installed version.
 *
 * Delete this file, its test, and the lines in connection.ts that name it, if you turn on deltas or
 * encryption.
 */

type Frame = { action?: unknown; messages?: unknown; presence?: unknown };
type Transport = { shortName?: unknown; onProtocolMessage(frame: Frame): void };
type TransportClass = new (...args: unknown[]) => Transport;

/** The action of the frame that opens a connection. */
const CONNECTED = 4;
/** What `ably/modular` decodes without another plugin. */
const KNOWN_ENCODINGS = new Set(["json", "utf-8", "base64"]);
/** Longer than any real chain of encodings. */
const MAX_ENCODING_LENGTH = 60;

/** Replaces each transport of the plugins by one that keeps messages decodable. */
export function makeDecodingSafe(
  plugins: Record<string, unknown>,
  onConnected?: (name: string) => void,
): void {
  for (const name of Object.keys(plugins).filter((each) => /Transport|Polling/.test(each))) {
    plugins[name] = withSafeDecoding(plugins[name], onConnected);
  }
}

/**
 * @param transport `WebSocketTransport` or `XHRPolling` of `ably/modular`.
 * @param onConnected Called with the transport's name, `web_socket` or `xhr_polling`.
 * @throws TypeError if the SDK has no method to override.
 */
export function withSafeDecoding(
  transport: unknown,
  onConnected: (name: string) => void = () => {},
): unknown {
  if (!isTransportClass(transport)) {
    throw new TypeError("ably has no Transport.onProtocolMessage to override.");
  }
  return class extends transport {
    override onProtocolMessage(frame: Frame): void {
      for (const list of [frame.messages, frame.presence]) {
        if (Array.isArray(list)) list.forEach(makeDecodable);
      }
      if (frame.action === CONNECTED) onConnected(String(this.shortName));
      super.onProtocolMessage(frame);
    }
  };
}

/** Wraps data that the SDK cannot decode, so that it is delivered as it was sent. */
function makeDecodable(message: { data?: unknown; encoding?: unknown; extras?: unknown }): void {
  const { data, encoding, extras } = message;
  if (encoding !== undefined && encoding !== null && !canDecode(encoding)) {
    message.data = { encoding, data };
    message.encoding = null;
  }
  // Deltas are never requested here, so no message needs the one before it.
  if (typeof extras === "object" && extras !== null) Reflect.deleteProperty(extras, "delta");
}

function canDecode(encoding: unknown): boolean {
  return (
    typeof encoding === "string" &&
    encoding.length <= MAX_ENCODING_LENGTH &&
    encoding.split("/").every((step) => KNOWN_ENCODINGS.has(step))
  );
}

function isTransportClass(transport: unknown): transport is TransportClass {
  return (
    typeof transport === "function" &&
    typeof transport.prototype === "object" &&
    "onProtocolMessage" in transport.prototype
  );
}
