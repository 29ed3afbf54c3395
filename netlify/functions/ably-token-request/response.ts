/** KEPT. The function's answers: errors in Ably's form, and the headers of each. */

/**
 * Headers of every answer: netlify.toml sets headers for static files only. Ably accepts a token
 * request once, so a cached one would fail.
 */
export const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** A refusal with one of Ably's error codes. ably-js passes `code` and `message` on to the page. */
export class FunctionError extends Error {
  override name = "FunctionError";
  readonly code: number;
  readonly statusCode: number;

  constructor(code: number, statusCode: number, message: string) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }

  /** Returns Ably's error shape. ably-js reads it only if `x-ably-errorcode` is set. */
  toResponse(headers: Record<string, string> = {}): Response {
    const { code, statusCode, message } = this;
    const href = `https://help.ably.io/error/${code}`;
    return Response.json(
      { error: { code, statusCode, message, href } },
      {
        status: statusCode,
        headers: { ...HEADERS, "x-ably-errorcode": String(code), ...headers },
      },
    );
  }
}
