import { expect, it, vi } from "vitest";

// A file of its own: only the first import of Ably's build for the web would say anything.
it("starts without a word in Netlify's log, and leaves no trace of how", async () => {
  const log = vi.spyOn(console, "log");
  const warn = vi.spyOn(console, "warn");
  const { signTokenRequest } = await import("../../netlify/functions/ably-token-request/sign.ts");
  await signTokenRequest("appId.keyId:secret", { clientId: "ada" });
  expect(log.mock.calls).toEqual([]);
  expect(warn.mock.calls).toEqual([]);
  expect(globalThis).not.toHaveProperty("EdgeRuntime");
});
