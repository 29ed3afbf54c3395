import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { sign } from "../../netlify/functions/ably-token-request/sign.ts";

const CAPABILITY = '{"room:*":["subscribe"]}';

const signFor = (clientId: string) =>
  sign("appId.keyId:top-secret-part", { clientId, capability: CAPABILITY });

it.each(["ada", "Zoë 🦦 <b>"])("signs a token request for %s", async (name) => {
  const { keyName, clientId, capability, timestamp, nonce, mac } = await signFor(name);
  expect({ keyName, clientId, capability }).toEqual({
    keyName: "appId.keyId",
    clientId: name,
    capability: CAPABILITY,
  });
  expect(Math.abs(Number(timestamp) - Date.now())).toBeLessThan(60_000);

  // From https://ably.com/docs/api/token-request-spec: ttl is omitted, so its line is empty.
  const signed = `appId.keyId\n\n${capability}\n${name}\n${timestamp}\n${nonce}\n`;
  const expected = createHmac("sha256", "top-secret-part").update(signed).digest("base64");
  expect(mac).toBe(expected);
});

it("signs each token request with a new nonce", async () => {
  const [one, other] = await Promise.all([signFor("ada"), signFor("ada")]);
  expect(one.nonce).not.toBe(other.nonce);
});
