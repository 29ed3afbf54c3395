/**
 * KEPT, hardening. The Ably SDK's transports, changed in one place: a message that this client cannot
 * decode is delivered as `{ encoding, data }`.
 *
 * Anyone with a token can publish a message with the encoding `vcdiff`, or with `extras.delta`. The
 * SDK fails the whole channel for the first and reattaches for the second, and `rewind` delivers the
 * message again to everyone who comes later. Deeply nested JSON keeps the page busy. No public option
 * prevents any of it, so this file overrides one method of the SDK.
 * `tests/realtime/safe-decoding.test.ts` checks it against the installed version.
 *
 * If you turn on deltas or encryption, delete this file, its test, and the lines that end with "delete
 * with safe-decoding.ts". Nothing then reports the step `transport`, and after a sleep the outbox may
 * send a message twice.
 */

type Frame = { action?: unknown; messages?: unknown; presence?: unknown };
type Transport = { shortName?: unknown; onProtocolMessage(frame: Frame): void };
type TransportClass = new (...args: unknown[]) => Transport;

/** The action of the frame that opens a connection, and comes again with each new token. */
const CONNECTED = 4;
/** Deeper than honest data. Parsing 60 kB of brackets takes the SDK up to 15 ms. */
const MAX_DEPTH = 100;

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
    throw new TypeError("ably has no onProtocolMessage.");
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

/** Wraps data that the SDK cannot decode, or not fast, so that it is delivered as it was sent. */
function makeDecodable(message: { data?: unknown; encoding?: unknown; extras?: unknown }): void {
  const { data, encoding } = message;
  if (!canDecode(encoding, data)) {
    message.data = { encoding, data };
    message.encoding = null;
  }
  // Deltas are never requested here, so no message needs the one before it.
  Reflect.deleteProperty(Object(message.extras), "delta");
}

/** SDKs send no other encodings without encryption: https://sdk.ably.com/builds/ably/specification/main/features/#RSL4 */
function canDecode(encoding: unknown, data: unknown): boolean {
  if (encoding === "json") return typeof data !== "string" || !isDeep(data);
  return encoding === "base64" || encoding === undefined || encoding === null;
}

function isDeep(json: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length && depth <= MAX_DEPTH; index += 1) {
    const char = json.charAt(index);
    if (char === "\\") index += 1;
    else if (char === '"') isInString = !isInString;
    else if (isInString) continue;
    else if ("[{".includes(char)) depth += 1;
    else if ("]}".includes(char)) depth -= 1;
  }
  return depth > MAX_DEPTH;
}

function isTransportClass(transport: unknown): transport is TransportClass {
  return typeof transport === "function" && "onProtocolMessage" in transport.prototype;
}
