import { expect, it } from "vitest";
import { clearEnvironment } from "./environment.ts";

const READ_BY_THE_APP = {
  ABLY_API_KEY: "app.key:secret",
  DEFAULT_CLIENT_ID: "guest",
  LOCAL_ABLY_HOST: "0.0.0.0",
  CONTEXT: "deploy-preview",
  NETLIFY_DEV: "true",
  VITE_TITLE: "Mine",
};

it("removes what the app reads, and nothing else", () => {
  const env: NodeJS.ProcessEnv = { ...READ_BY_THE_APP, PATH: "/bin", NODE_ENV: "production" };
  clearEnvironment(env);
  expect(env).toEqual({ PATH: "/bin", NODE_ENV: "production" });
});

it("has removed it before each test", () => {
  expect(process.env).not.toMatchObject(READ_BY_THE_APP);
  const names = Object.keys(READ_BY_THE_APP);
  expect(names.filter((name) => process.env[name] !== undefined)).toEqual([]);
});
