/** Ably's one error shape, on the socket and over HTTP. Codes: https://ably.com/docs/platform/errors/codes */
export class AblyError extends Error {
  override name = "AblyError";
  readonly code: number;
  readonly statusCode: number;

  /** @param statusCode needed only where it is not what the code begins with, or 400. */
  constructor(code: number, message: string, statusCode = code < 60_000 ? code / 100 : 400) {
    super(message);
    this.code = code;
    this.statusCode = Math.floor(statusCode);
  }

  toJSON() {
    const { code, statusCode, message } = this;
    return { code, statusCode, message, href: `https://help.ably.io/error/${code}` };
  }
}

export type ErrorInfo = ReturnType<AblyError["toJSON"]>;

/** Refuses with Ably's code, unless the condition holds. */
export function check(
  condition: unknown,
  code: number,
  message: string,
  statusCode?: number,
): asserts condition {
  if (!condition) throw new AblyError(code, message, statusCode);
}

/** Anything thrown, as an error that a client can read. What was not foreseen becomes a 50000. */
export function toAblyError(error: unknown): AblyError {
  if (error instanceof AblyError) return error;
  if (error instanceof URIError) return new AblyError(40000, "The address is not valid.");
  return new AblyError(50000, `Local Ably failed: ${String(error)}`);
}
