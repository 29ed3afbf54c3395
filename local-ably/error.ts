/** Ably's error shape. Codes: https://ably.com/docs/platform/errors/codes */
export class AblyError extends Error {
  readonly code: number;
  readonly statusCode: number;
  readonly href: string;

  /** @param statusCode Defaults to the first three digits of the code, or 400. */
  constructor(code: number, message: string, statusCode = code < 60_000 ? code / 100 : 400) {
    super();
    this.code = code;
    this.statusCode = Math.floor(statusCode);
    // Error's constructor would make it non-enumerable, and JSON would omit it.
    this.message = message;
    this.href = `https://help.ably.io/error/${code}`;
  }
}

export function assert(ok: unknown, code: number, message: string, status?: number): asserts ok {
  if (!ok) throw new AblyError(code, message, status);
}

export function toAblyError(error: unknown): AblyError {
  if (error instanceof AblyError) return error;
  if (error instanceof URIError) return new AblyError(40000, "The address is not valid.");
  return new AblyError(50000, `Local Ably failed: ${String(error)}`);
}
