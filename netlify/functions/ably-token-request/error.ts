/** netlify.toml gives headers to files only. A token request that a cache gave twice would be refused. */
export const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** A refusal in Ably's own terms, so that ably-js hands `code` and `message` to the page. */
export class FunctionError extends Error {
  override name = "FunctionError";
  readonly code: number;
  readonly statusCode: number;

  constructor(code: number, statusCode: number, message: string) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }

  /** Ably's error shape. ably-js reads the code and the message only if the header is there too. */
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
