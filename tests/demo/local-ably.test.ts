/** What the page says while local Ably answers. Delete it with local-ably/. */
import { expect, it } from "vitest";
import { LOCAL_SERVERS, firstSteps } from "../../src/demo/local-ably/words.ts";

it("offers three things to do next, the first of them in this room", () => {
  const steps = firstSteps("http://localhost:8888/?room=tea");
  expect(steps).toHaveLength(3);
  expect(JSON.stringify(steps[0])).toContain("http://localhost:8888/?room=tea");
});

it("calls Vite and local Ably by name", () => {
  expect(LOCAL_SERVERS).toEqual({
    page: "Vite",
    ably: "Local Ably",
    ablyInSentence: "local Ably",
    note: expect.stringMatching(/no account was needed/),
  });
});
