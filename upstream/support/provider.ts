/** A provider of accounts on this machine, which signs real ID tokens. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { listen } from "./listening.ts";

/** As in the recipe "Sign in". */
const ISSUER = "https://accounts.example.com/";
const AUDIENCE = "the-id-of-your-site-at-the-provider";

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

export type Provider = {
  keys: Keys;
  /** Signs an ID token of `ada-1`, with these claims in place of its own. */
  sign(
    claims: Record<string, unknown>,
    header?: { key?: Keys["privateKey"]; kid?: string; alg?: string },
  ): Promise<string>;
  /** Writes its address into `.env` of a copy. */
  configure(copy: string): Promise<void>;
  close(): Promise<void>;
};

export async function startProvider(): Promise<Provider> {
  const keys = await generateKeyPair("RS256");
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "1", alg: "RS256" }] };
  const { port, close } = await listen(
    createServer((_request, response) => response.end(JSON.stringify(jwks))),
  );
  return {
    keys,
    close,
    sign: (claims, { key = keys.privateKey, kid = "1", alg = "RS256" } = {}) =>
      new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada-1", name: "Ada", ...claims })
        .setProtectedHeader({ alg, kid })
        .setExpirationTime((claims.exp as number | undefined) ?? "5 min")
        .sign(key),
    async configure(copy) {
      const file = join(copy, ".env");
      const url = `http://127.0.0.1:${port}/`;
      const text = await readFile(file, "utf8");
      await writeFile(file, text.replace(/^(OIDC_JWKS_URL)=.*$/m, `$1=${url}`));
    },
  };
}
