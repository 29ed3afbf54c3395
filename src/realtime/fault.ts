/** Why something failed, in Ably's terms. https://ably.com/docs/platform/errors/codes */
export type Fault = { code: number; statusCode: number; message: string };

/**
 * Ably wraps what the token function said: the innermost cause is the sentence that helps.
 * Takes anything, because listeners and rejected promises carry anything.
 */
export function readFault(error: unknown): Fault {
  const { code, statusCode, message, cause } = (error ?? {}) as Partial<Fault> & {
    cause?: unknown;
  };
  if (cause && typeof (cause as Partial<Fault>).code === "number") return readFault(cause);
  return { code: code ?? 0, statusCode: statusCode ?? 0, message: message ?? String(error) };
}

/** The connection was away, so the same may succeed once it is back: https://ably.com/docs/platform/errors/codes */
export function isConnectionFault({ code }: Fault): boolean {
  const isOfConnection = code >= 80_000 && code < 81_000;
  const isOfChannelMeanwhile = code >= 90_000 && code < 91_000;
  return isOfConnection || isOfChannelMeanwhile;
}
