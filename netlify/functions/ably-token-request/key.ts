/** KEPT. The Ably key of a function, and the deploy context whose channels it uses. */
import type { Context } from "@netlify/functions";
import { LOCAL_ABLY_KEY, usesLocalAbly } from "./local-ably.ts"; // delete with local-ably/
import { FunctionError } from "./response.ts";

const KEY_FORM = /^[\w-]+\.[\w-]+:[\w-]+$/;

const WHERE_TO_SET_IT =
  "Copy a key from https://ably.com/accounts (your app → API keys). On your computer: put ABLY_API_KEY=… in .env and restart npm run dev. " +
  "On Netlify: Project configuration → Environment variables → ABLY_API_KEY, then deploy again.";

/** Returns `ABLY_API_KEY`. Throws a 500 that says where to set the key and never quotes it. */
export function readKey(env: NodeJS.ProcessEnv): string {
  if (usesLocalAbly(env)) return LOCAL_ABLY_KEY; // delete with local-ably/
  const key = env.ABLY_API_KEY?.trim();
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
 * in place of `deploy.context`.
 */
export function readDeployContext({ deploy }: Pick<Context, "deploy">): string | undefined {
  // The page has the same from local-ably/vite.ts: local Ably has no production to keep apart. delete with local-ably/
  if (usesLocalAbly(process.env)) return "production"; // delete with local-ably/
  return deploy?.context || process.env.CONTEXT;
}

/** Returns the text without the secret part of the key, for a log. */
export function withoutSecret(text: string, key = process.env.ABLY_API_KEY?.trim()): string {
  const secret = key?.split(":").at(-1);
  return secret ? text.replaceAll(secret, "…") : text;
}
