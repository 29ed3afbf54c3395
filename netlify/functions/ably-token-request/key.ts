/** KEPT. The Ably key of a function, and the deploy context whose channels it uses. */
import { existsSync } from "node:fs";
import type { Context } from "@netlify/functions";
import { FunctionError } from "./response.ts";

/** The one key that local Ably accepts. It works nowhere else. */
export const LOCAL_ABLY_KEY = "local.dev:not-a-secret-opens-only-local-ably";

const KEY_FORM = /^[\w-]+\.[\w-]+:[\w-]+$/;

const WHERE_TO_SET_IT =
  "Copy a key from https://ably.com/accounts (your app → API keys). On your computer: put ABLY_API_KEY=… in .env and restart npm run dev. " +
  "On Netlify: Project configuration → Environment variables → ABLY_API_KEY, then deploy again.";

/**
 * Returns `ABLY_API_KEY`, or local Ably's key if there is none under `netlify dev`. Throws a 500
 * that says where to set the key and never quotes it.
 */
export function readKey(env: NodeJS.ProcessEnv): string {
  const key = env.ABLY_API_KEY?.trim();
  if (!key && env.NETLIFY_DEV === "true" && existsSync("local-ably")) return LOCAL_ABLY_KEY;
  if (!key) {
    throw new FunctionError(40106, 500, `This site has no ABLY_API_KEY yet. ${WHERE_TO_SET_IT}`);
  }
  if (!KEY_FORM.test(key)) {
    throw new FunctionError(
      40101,
      500,
      `ABLY_API_KEY does not look like an Ably key, which has the form appId.keyId:secret. ${WHERE_TO_SET_IT}`,
    );
  }
  return key;
}

/**
 * Returns the deploy context of a function. `netlify dev` and `netlify serve` set the variable CONTEXT
 * in place of `deploy.context`. With local Ably there is one set of channels: its Vite plugin makes
 * the same exception for the page.
 */
export function readDeployContext(
  { deploy }: Pick<Context, "deploy">,
  key: string,
): string | undefined {
  return key === LOCAL_ABLY_KEY ? "production" : deploy?.context || process.env.CONTEXT;
}

/** Returns the text without the secret part of the key, for a log. */
export function withoutSecret(text: string, key = process.env.ABLY_API_KEY?.trim()): string {
  const secret = key?.split(":").at(-1);
  return secret ? text.replaceAll(secret, "…") : text;
}
