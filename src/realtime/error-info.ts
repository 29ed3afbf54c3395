/** Errors as Ably reports them. https://ably.com/docs/platform/errors/codes */
import type { ErrorInfo as AblyErrorInfo } from "ably";

export type ErrorInfo = Pick<AblyErrorInfo, "code" | "statusCode" | "message">;

/** ably-js: a token could not be obtained. `cause` says why. */
const TOKEN_REQUEST_FAILED = 80019;

export function readError(error: unknown): ErrorInfo {
  if (!isErrorLike(error)) return { code: 0, statusCode: 0, message: String(error) };
  // Ably wraps what the token function answered: the innermost cause explains most.
  if (isErrorLike(error.cause) && error.cause.code) return readError(error.cause);
  const { code = 0, statusCode = 0, message = String(error) } = error;
  return { code, statusCode, message };
}

export function isTokenError(error: unknown): boolean {
  return isErrorLike(error) && error.code === TOKEN_REQUEST_FAILED;
}

/** The connection was away, so the same operation may succeed once it is back. */
export function isConnectionError({ code }: ErrorInfo): boolean {
  const isOfConnection = code >= 80_000 && code < 81_000;
  const isOfChannelMeanwhile = code >= 90_000 && code < 90_010;
  return isOfConnection || isOfChannelMeanwhile;
}

function isErrorLike(error: unknown): error is Partial<ErrorInfo> & { cause?: unknown } {
  return typeof error === "object" && error !== null;
}
