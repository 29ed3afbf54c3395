/** Ably's one error shape, on the socket and over HTTP. Codes: https://ably.com/docs/platform/errors/codes */
export class AblyError extends Error {
  override name = "AblyError";
  readonly code: number;
  readonly statusCode: number;

  constructor(code: number, statusCode: number, message: string) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }

  toJSON(): ErrorInfo {
    const { code, statusCode, message } = this;
    return { code, statusCode, message, href: `https://help.ably.io/error/${code}` };
  }
}

export type ErrorInfo = { code: number; statusCode: number; message: string; href: string };

/** Anything thrown, as an error that a client can read. What was not foreseen becomes a 50000. */
export function toAblyError(error: unknown): AblyError {
  if (error instanceof AblyError) return error;
  if (error instanceof URIError) return new AblyError(40000, 400, "The address is not valid.");
  return new AblyError(50000, 500, `Local Ably failed: ${String(error)}`);
}
