/**
 * Ably's error shape. Sockets and REST answers send it unchanged.
 * Codes: https://ably.com/docs/platform/errors/codes
 */
export class AblyError extends Error {
  readonly code: number;
  readonly statusCode: number;
  readonly href: string;

  /** @param statusCode Defaults to the first three digits of the code, or 400. */
  constructor(code: number, message: string, statusCode = code < 60_000 ? code / 100 : 400) {
    // Error's constructor would make the message non-enumerable, and JSON would omit it.
    super();
    this.code = code;
    this.statusCode = Math.floor(statusCode);
    this.message = message;
    this.href = `https://help.ably.io/error/${code}`;
  }
}

/** Throws an AblyError if the condition is false. */
export function assert(
  condition: unknown,
  code: number,
  message: string,
  statusCode?: number,
): asserts condition {
  if (!condition) throw new AblyError(code, message, statusCode);
}

/** Turns anything thrown into an error that a client can read. Unexpected errors become 50000. */
export function toAblyError(error: unknown): AblyError {
  if (error instanceof AblyError) return error;
  if (error instanceof URIError) return new AblyError(40000, "The address is not valid.");
  return new AblyError(50000, `Local Ably failed: ${String(error)}`);
}
