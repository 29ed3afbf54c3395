/**
 * Ably's one error shape: as it is, it goes out on the socket and over HTTP.
 * Codes: https://ably.com/docs/platform/errors/codes
 */
export class AblyError extends Error {
  readonly code: number;
  readonly statusCode: number;
  readonly href: string;

  /** @param statusCode needed only where it is not what the code begins with, or 400. */
  constructor(code: number, message: string, statusCode = code < 60_000 ? code / 100 : 400) {
    // Error's own constructor would hide the message from what encodes this.
    super();
    this.code = code;
    this.statusCode = Math.floor(statusCode);
    this.message = message;
    this.href = `https://help.ably.io/error/${code}`;
  }
}

/** Refuses with Ably's code, unless all is well. */
export function check(ok: unknown, code: number, message: string, status?: number): asserts ok {
  if (!ok) throw new AblyError(code, message, status);
}

/** Anything thrown, as an error that a client can read. What was not foreseen becomes a 50000. */
export function toAblyError(error: unknown): AblyError {
  if (error instanceof AblyError) return error;
  if (error instanceof URIError) return new AblyError(40000, "The address is not valid.");
  return new AblyError(50000, `Local Ably failed: ${String(error)}`);
}
