import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { type Plugin, type ResolvedConfig, loadEnv, normalizePath } from "vite";

/** `appId.keyId:secret` */
const ANY_KEY = /[\w-]+\.[\w-]+:[\w-]{16,}/;

/**
 * The lengths that Ably uses. The digit and the letters of both cases leave out minified code such
 * as `window.opener:requestAnimationFrame`.
 */
const ABLYS_OWN_KEY =
  /(?<![\w-])[\w-]{6}\.[\w-]{6}:(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{16,}/;

/** A secret that was pasted without the name before it. */
const LONE_SECRET = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{16,}$/;

/** A shorter secret could be a word of the page. Ably's have 16 characters or more. */
const MIN_SECRET_LENGTH = 12;

const WHAT_TO_DO =
  "Everyone who opens the page could read it. Keep the key in ABLY_API_KEY, which only the function reads. If the key was ever deployed, revoke it at https://ably.com/accounts.";

/** Vite's client gives it to the styles that it adds to the page in development. */
const STYLE_NONCE = "vite";

const ENV_FILES = [".env", ".env.local", ".env.development", ".env.development.local"];

/** Fails if an Ably key is in a variable that Vite writes into the page, or in the built files. */
export function refuseKeyInPage(): Plugin {
  let config: ResolvedConfig;
  let secrets: string[];
  return {
    name: "refuse-key-in-page",
    configResolved(resolved) {
      config = resolved;
      const { mode, envDir, env } = config;
      secrets = Object.values(loadEnv(mode, envDir || ".", "ABLY_API_KEY")).flatMap(toSecrets);
      const name = Object.keys(env).find((name) => isKeyIn(String(env[name]), ANY_KEY, secrets));
      if (name === undefined) return;
      throw new Error(
        `${name} holds an Ably key, and Vite writes this variable into the page. ${WHAT_TO_DO}`,
      );
    },
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        const folder = resolve(config.root, config.build.outDir);
        if (config.command !== "build" || !existsSync(folder)) return;
        const isLeak = (path: string) =>
          isKeyIn(readFileSync(path, "latin1"), ABLYS_OWN_KEY, secrets);
        const file = listFiles(folder).find(isLeak);
        if (file === undefined) return;
        // Nothing that was built may be deployed.
        const isInside = normalizePath(folder).startsWith(`${config.root}/`);
        if (isInside) rmSync(folder, { recursive: true });
        this.error(`${file} holds an Ably key. ${WHAT_TO_DO}`);
      },
    },
  };
}

function isKeyIn(text: string, form: RegExp, secrets: string[]): boolean {
  return form.test(text) || secrets.some((secret) => text.includes(secret));
}

/** The secret part alone gives the key away. So does the key in base64, as in HTTP's Basic auth. */
function toSecrets(key: string): string[] {
  const trimmed = key.trim();
  if (LONE_SECRET.test(trimmed)) return [trimmed];
  const [, secret = ""] = trimmed.split(":");
  if (secret.length < MIN_SECRET_LENGTH) return [];
  return [secret, Buffer.from(trimmed).toString("base64")];
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name));
}

/** Opens the connection to Ably while the script loads. Not in development: Ably may be local. */
export function preconnect(): Plugin {
  const attrs = { rel: "preconnect", href: "https://main.realtime.ably.net", crossorigin: "" };
  return {
    name: "preconnect",
    apply: "build",
    transformIndexHtml: () => [{ tag: "link", attrs, injectTo: "head-prepend" }],
  };
}

/**
 * Vite and its plugins need what the policy in netlify.toml forbids: inline styles and scripts, and
 * a worker after a restart. In development the browser blocks nothing, and its console reports what
 * production would block.
 */
export function reportPolicy(): Plugin {
  // `netlify dev` sets the headers of netlify.toml, unless Vite's response has them too.
  const headers = {
    "Content-Security-Policy": "",
    "Content-Security-Policy-Report-Only": readPolicy().replace(
      "style-src",
      `style-src 'nonce-${STYLE_NONCE}'`,
    ),
    // With TLS, the header would force TLS on every server on localhost, for a year.
    "Strict-Transport-Security": "max-age=0",
  };
  return {
    name: "report-policy",
    apply: "serve",
    configureServer({ middlewares }) {
      // Not `server.headers`: Vite leaves them out of a 304.
      middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        next();
      });
    },
    transformIndexHtml: () => [
      { tag: "meta", attrs: { property: "csp-nonce", nonce: STYLE_NONCE }, injectTo: "head" },
    ],
  };
}

function readPolicy(): string {
  const file = readFileSync(new URL("netlify.toml", import.meta.url), "utf8");
  const [, policy = ""] = /Content-Security-Policy = """(.*?)"""/s.exec(file) ?? [];
  return policy.replace(/\\\s+/g, "").trim();
}

/** Warns when a key in `.env` changes: `netlify dev` reads those files only when it starts. */
export function askForRestart(): Plugin {
  return {
    name: "ask-for-restart",
    apply: "serve",
    configureServer({ watcher, config: { root, logger } }) {
      const files = ENV_FILES.map((name) => join(root, name));
      const readKeys = () => JSON.stringify(files.map(readKey));
      const before = readKeys();
      watcher.on("all", () => {
        if (readKeys() !== before) {
          logger.warn(
            "ABLY_API_KEY has changed. To use it, stop npm run dev with Ctrl+C and start it again.",
          );
        }
      });
    },
  };
}

function readKey(file: string): string | undefined {
  return existsSync(file) ? parseEnv(readFileSync(file, "utf8")).ABLY_API_KEY : undefined;
}

/** Names the command that works while another program uses Vite's port. */
export function suggestPort(): Plugin {
  return {
    name: "suggest-port",
    apply: "serve",
    configureServer({ httpServer, config: { server, logger } }) {
      httpServer?.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EADDRINUSE") return;
        const port = server.port + 1;
        logger.error(
          `Another program uses port ${server.port}. Stop it, or run:\n  npm run dev -- --target-port ${port} --command "vite --port ${port}"`,
        );
      });
    },
  };
}

/** Gives the page this computer's network address, for a link that a phone can open. */
export function offerNetworkHost(): Plugin {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return {
    name: "offer-network-host",
    apply: "serve",
    config: () => ({ define: { __NETWORK_HOST__: JSON.stringify(found?.address ?? "") } }),
  };
}
