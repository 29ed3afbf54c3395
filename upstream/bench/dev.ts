import { freePort } from "../../tests/support/program.ts";
import type { Figure } from "./figure.ts";
import { startServer } from "./server.ts";

const RUNS = 7;
/** Any key of this form: with one, Vite starts without local Ably. */
const SOME_KEY = "appId.keyId:secret";

/** `npm run dev` beside the same without local Ably: what that adds to the wait. About 50 s. */
export async function measureDev(): Promise<Figure[]> {
  const ours: number[] = [];
  const reference: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    ours.push(await timeDev(""));
    reference.push(await timeDev(SOME_KEY));
  }
  const what = "`npm run dev` until the page answers";
  return [{ what, unit: "ms", ours, reference, beside: "the same without local Ably" }];
}

async function timeDev(key: string): Promise<number> {
  const [port, vitePort] = [await freePort(), await freePort()];
  const options = ["--port", `${port}`, "--target-port", `${vitePort}`];
  const command = ["npm", "run", "dev", "--", ...options, "--command", `vite --port ${vitePort}`];
  const env = { ABLY_API_KEY: key, NODE_ENV: "development" };
  const { startMs, stop } = await startServer(command, `http://localhost:${port}`, env);
  await stop();
  return startMs;
}
