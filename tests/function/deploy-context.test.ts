/** The page and the function get their deploy context from different places. They must agree. */
import { fileURLToPath } from "node:url";
import type { Context } from "@netlify/functions";
import { build, loadConfigFromFile } from "vite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ablyTokenRequest } from "../support/token-function.ts";
import { readAnswer } from "./answer.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD_TIMEOUT_MS = 30_000;

beforeEach(() => vi.stubEnv("ABLY_API_KEY", "appId.keyId:top-secret-part"));
afterEach(() => vi.unstubAllEnvs());

/** Returns the name of the lobby's channel in a page that Vite builds with this CONTEXT. */
async function channelOfPage(CONTEXT: string | undefined): Promise<string> {
  vi.stubEnv("CONTEXT", CONTEXT);
  const loaded = await loadConfigFromFile({ command: "build", mode: "production" });
  const result = await build({
    root: ROOT,
    configFile: false,
    envDir: false,
    logLevel: "silent",
    define: loaded?.config.define ?? {},
    build: {
      write: false,
      copyPublicDir: false,
      lib: { entry: "src/realtime/contract.ts", formats: ["es"] },
    },
  });
  const [bundle] = Array.isArray(result) ? result : [];
  const code = bundle?.output[0].code ?? "";
  const module = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
  )) as {
    channelName(room: string): string;
  };
  return module.channelName("lobby");
}

/** Returns the channels that a token opens in a deploy with this context. */
async function channelsOfToken(context: string, CONTEXT?: string): Promise<string[]> {
  vi.stubEnv("CONTEXT", CONTEXT);
  const request = new Request("https://site.example/.netlify/functions/ably-token-request");
  const response = await ablyTokenRequest(request, { deploy: { context } } as Context);
  const { capability } = await readAnswer(response);
  return Object.keys(JSON.parse(String(capability)) as object);
}

it.each([
  ["in production", "production", "room"],
  ["in a deploy preview", "deploy-preview", "room-preview"],
  ["in a branch deploy", "branch-deploy", "room-preview"],
  ["on a preview server", "preview-server", "room-preview"],
])(
  "page and function use the same channels %s",
  async (_where, context, namespace) => {
    expect(await channelOfPage(context)).toBe(`${namespace}:lobby`);
    expect(await channelsOfToken(context)).toEqual([`${namespace}:*`]);
  },
  BUILD_TIMEOUT_MS,
);

// Seen with netlify-cli 27.10: deploy.context is empty there, and both sides have CONTEXT.
it.each([
  ["netlify dev", "dev", "room-preview"],
  ["netlify serve", "production", "room"],
  ["netlify serve --context deploy-preview", "deploy-preview", "room-preview"],
  ["vite build without Netlify", undefined, "room"],
])(
  "page and function use the same channels under `%s` with a key",
  async (_command, context, namespace) => {
    expect(await channelOfPage(context)).toBe(`${namespace}:lobby`);
    expect(await channelsOfToken("", context)).toEqual([`${namespace}:*`]);
  },
  BUILD_TIMEOUT_MS,
);
