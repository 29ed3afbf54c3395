/** `npm run check:ably`: checks your Ably key, its capabilities and this network. */
import { fileURLToPath } from "node:url";
import Ably from "ably";
import { FunctionError } from "./netlify/functions/ably-token-request/response.ts";
import { readKey, withoutSecret } from "./netlify/functions/ably-token-request/key.ts";
import { channelName } from "./src/realtime/contract.ts";
import { kindOfCode } from "./src/realtime/classify.ts";
import { readError } from "./src/realtime/errors.ts";
import { loadEnvFiles } from "./vite/env-files.ts";

type Verdict = {
  name: string;
  outcome: "ok" | "FAILED" | "not tried";
  /** Why it failed and what to do. Never contains the key's secret. */
  detail?: string;
};

type Check = { name: string; needs?: string[]; fix: string; run(): Promise<unknown> };

const PATIENCE_MS = 20_000;

const FORM = "The key has the form appId.keyId:secret";
const REST = "The network lets HTTPS through to Ably";
const ACCEPTED = "Ably accepts the key";
const SOCKET = "The network lets WebSockets through to Ably";
/** Those of production, and of previews and `npm run dev`. */
const CHANNELS = [channelName("*", "production"), channelName("*", "dev")];
const allows = (operation: string) => `The key allows ${operation} in ${CHANNELS.join(" and ")}`;
const ROUND_TRIP = "A message goes from one client to another";

const FIREWALL = "A firewall or a proxy stops it, or there is no network.";

/** Runs one check after another. Skips a check if one that it needs has failed. */
export async function* checkAbly(
  key: string,
  /** Client options for a server other than Ably's cloud. */
  where: Ably.ClientOptions = {},
): AsyncGenerator<Verdict> {
  // The verdicts report errors: the SDK's own log would repeat them.
  const options = { ...where, key, clientId: "live-check", useTokenAuth: true, logLevel: 0 };
  const passed = new Set<string>();
  for (const { name, needs = [], run, fix } of checksWith(options)) {
    if (!needs.every((need) => passed.has(need))) {
      yield { name, outcome: "not tried" };
      continue;
    }
    try {
      await inTime(run());
      passed.add(name);
      yield { name, outcome: "ok" };
    } catch (error) {
      const isOldSdk = kindOfCode(readError(error).code) === "sdk-too-old";
      const advice = isOldSdk ? "This account needs another SDK: see ably.com/docs/sdks." : fix;
      const detail = withoutSecret(`${reasonOf(error)}\n${advice}`.trim(), key);
      yield { name, outcome: "FAILED", detail };
    }
  }
}

function checksWith(options: Ably.ClientOptions & { key: string }): Check[] {
  const rest = () => new Ably.Rest(options);
  return [
    { name: FORM, fix: "", run: async () => readKey({ ABLY_API_KEY: options.key }) },
    { name: REST, needs: [FORM], fix: FIREWALL, run: () => rest().time() },
    {
      name: ACCEPTED,
      needs: [REST],
      fix: "It was revoked or mistyped: copy it anew.",
      run: () => rest().auth.requestToken({ clientId: "live-check" }),
    },
    {
      name: SOCKET,
      needs: [ACCEPTED],
      fix: FIREWALL,
      run: () => withClient(options, ({ connection }) => connected(connection)),
    },
    ...["publish", "subscribe", "presence", "history"].map((operation) => ({
      name: allows(operation),
      needs: [ACCEPTED],
      fix: "Allow it in Ably's dashboard: your app → API keys → the key → Capabilities.",
      run: () => requestCapability(rest(), operation),
    })),
    {
      name: ROUND_TRIP,
      needs: [SOCKET, allows("publish"), allows("subscribe")],
      fix: "",
      run: () => withClient(options, (one) => withClient(options, (other) => talk(one, other))),
    },
  ];
}

/** Requests a token with this one operation. Rejects if Ably refuses it, or allows it in fewer rooms. */
async function requestCapability({ auth }: Ably.Rest, operation: string): Promise<void> {
  const asked = Object.fromEntries(CHANNELS.map((channel) => [channel, [operation]]));
  const params = { clientId: "live-check", capability: JSON.stringify(asked) };
  const { capability } = await auth.requestToken(params);
  const granted = JSON.parse(capability) as Record<string, string[]>;
  const isWhole = CHANNELS.every((channel) => granted[channel]?.includes(operation));
  if (!isWhole) throw new Error(`It allows no more than ${capability}.`);
}

/** Publishes a message from one client and waits until the other receives it. */
async function talk(one: Ably.Realtime, other: Ably.Realtime): Promise<void> {
  const name = `live-check-${crypto.randomUUID()}`;
  const channels = [one, other].map(({ channels }) => channels.get(channelName(name)));
  const received = new Promise((resolve) => void channels[1]?.subscribe("hello", resolve));
  await channels[1]?.attach();
  await channels[0]?.publish("hello", name);
  await inTime(received);
}

async function withClient<T>(options: Ably.ClientOptions, use: (client: Ably.Realtime) => T) {
  const client = new Ably.Realtime({ ...options, transports: ["web_socket"] });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

function connected(connection: Ably.Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.once("connected", () => resolve());
    for (const end of ["failed", "disconnected"] as const) {
      connection.once(end, ({ reason }) => reject(reason));
    }
  });
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, PATIENCE_MS, new Error("No answer in time."));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as Partial<Ably.ErrorInfo>;
  return error instanceof FunctionError || !code ? `${message}` : `${code}: ${message}`;
}

async function main(): Promise<void> {
  loadEnvFiles();
  const key = process.env.ABLY_API_KEY?.trim();
  if (!key) {
    console.log("Skipped: there is no ABLY_API_KEY in .env or the shell. Nothing was checked.");
    return;
  }
  for await (const { outcome, name, detail } of checkAbly(key)) {
    console.log(`${outcome.padEnd(9)}  ${name}.`);
    if (detail) console.log(detail.replaceAll(/^/gm, " ".repeat(11)));
    if (outcome !== "ok") process.exitCode = 1;
  }
  console.log(process.exitCode ? "Some checks failed: see above." : "All checks passed.");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
