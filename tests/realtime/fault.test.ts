import { expect, it } from "vitest";
import { isConnectionFault, readFault } from "../../src/realtime/fault.ts";

it("is the innermost cause, which is what the function or Ably said", () => {
  const cause = { code: 40106, statusCode: 500, message: "no ABLY_API_KEY" };
  expect(readFault({ code: 80019, statusCode: 401, message: "wrapped", cause })).toEqual(cause);
});

it("is the error itself if its cause is none of Ably's", () => {
  const error = { code: 80003, statusCode: 400, message: "closed", cause: new Error("socket") };
  expect(readFault(error).code).toBe(80003);
});

it.each([undefined, null, "text", 5])("can be read from %j too", (thrown) => {
  expect(readFault(thrown)).toEqual({ code: 0, statusCode: 0, message: String(thrown) });
});

it.each([
  [80003, true],
  [80002, true],
  [90001, true],
  [40160, false],
  [40009, false],
  [42911, false],
])("%i is the connection's: %s", (code, is) => {
  expect(isConnectionFault({ code, statusCode: 400, message: "" })).toBe(is);
});
