/** What the page says about where it runs, and what to do there. */
import { describe, expect, it } from "vitest";
import { findProblem } from "../../src/demo/state/problems.ts";
import { serversOf } from "../../src/demo/state/servers.ts";
import { initialState } from "../../src/demo/state/state.ts";
import { type Place, setUpSteps } from "../../src/demo/state/steps.ts";
import { isInThisNetwork } from "../../src/demo/view/place.ts";

const textOf = (steps: ReturnType<typeof setUpSteps>) =>
  steps.map(({ words, line = "" }) =>
    [...words, line].map((part) => (typeof part === "string" ? part : part.text)).join(""),
  );

describe("a site without a key", () => {
  it.each([
    [
      "netlify",
      /Project configuration → Environment variables.*Trigger deploy/s,
      /npm run|file \.env in/,
    ],
    ["dev", /\.env in the project's folder.*Stop npm run dev/s, /Netlify/],
    ["serve", /\.env in the project's folder.*Stop npm run serve/s, /Netlify/],
  ] as [Place, RegExp, RegExp][])(
    "on %s is set up in three steps for it alone",
    (place, own, other) => {
      const steps = setUpSteps(place);
      const text = textOf(steps).join("\n");
      expect(steps).toHaveLength(3);
      expect(text).toMatch(own);
      expect(text).not.toMatch(other);
      expect(text).toContain("ABLY_API_KEY=");
      expect(JSON.stringify(steps[0])).toContain("https://ably.com/accounts/any/apps/any/app_keys");
    },
  );

  it("is no failure: the page says in one sentence what is missing", () => {
    const start = initialState({ clientId: "me-1", name: "Me" }, false, 0);
    const message = "This site has no ABLY_API_KEY yet. Copy a key from https://ably.com/accounts.";
    const error = { code: 40106, statusCode: 500, message };
    const response = { from: "function", status: 500, hasErrorCode: true } as const;
    const connection = { state: "connecting", error, response } as const;
    expect(findProblem({ ...start, connection })).toMatchObject({
      title: "One step left: your Ably key",
      detail: message,
      summary: "This site has no ABLY_API_KEY yet.",
    });
    const failed = { ...connection, error: { ...error, code: 50_000 } };
    expect(findProblem({ ...start, connection: failed })?.summary).toBeUndefined();
  });
});

it("offers to reload if a part of the page is missing and nothing worse is wrong", () => {
  const start = initialState({ clientId: "me-1", name: "Me" }, false, 0);
  const missing = { ...start, isPartMissing: true, connection: { state: "connected" } as const };
  expect(findProblem(missing)).toMatchObject({ action: "reload", canRetry: true });
  expect(findProblem({ ...missing, isRoomInvalid: true })?.action).toBe("retry");
});

it.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["[::1]", true],
  ["192.168.1.5", true],
  ["10.0.0.7", true],
  ["172.20.1.1", true],
  ["[fd00::7]", true],
  ["devbox", true],
  ["devbox.local", true],
  ["172.32.1.1", false],
  ["10.example.com", false],
  ["my-app.netlify.app", false],
])("%s is in this network: %j", (hostname, isLocal) => {
  expect(isInThisNetwork(hostname)).toBe(isLocal);
});

describe("who answers", () => {
  const facts = { isDev: false, isLocal: false, deployContext: "production" };

  it.each([
    [{ isDev: true, isLocal: true, deployContext: "dev" }, "Vite", "Ably", /on your computer/],
    // A phone in the network, or a forwarded port.
    [{ isDev: true }, "Vite", "Ably", /on your computer/],
    [{ isLocal: true }, "Netlify’s CLI", "Ably", /on your computer/],
    [{}, "Netlify’s CDN", "Ably", /^Netlify serves the page/],
    [{ deployContext: "deploy-preview" }, "Netlify’s CDN", "Ably", /this deploy preview/],
  ])("%j is called by name", (over, page, ably, note) => {
    expect(serversOf({ ...facts, ...over })).toEqual({
      page,
      ably,
      ablyInSentence: ably,
      note: expect.stringMatching(note),
    });
  });
});
