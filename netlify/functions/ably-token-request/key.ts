import { existsSync } from "node:fs";
import { FunctionError } from "./error.ts";

/**
 * The one key that local Ably knows. It opens nothing anywhere else, and it is used only under
 * `netlify dev` and only while there is no `ABLY_API_KEY` and local-ably/ is not deleted.
 */
export const LOCAL_ABLY_KEY = "local.dev:not-a-secret-opens-only-local-ably";

const KEY_FORM = /^[\w-]+\.[\w-]+:[\w-]+$/;

const WHERE_TO_SET_IT =
  "Copy it from https://ably.com/accounts (your app → API keys). Locally: put ABLY_API_KEY=… in .env and restart. " +
  "On Netlify: Project configuration → Environment variables → ABLY_API_KEY, then deploy again.";

/**
 * The key to sign with: `ABLY_API_KEY`, or the local one under `netlify dev` if that is not set.
 * Throws a 500 that says where to set the key, and never repeats any of it.
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
