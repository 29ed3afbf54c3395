/** SHOWN. Who answers this page, by name: it differs on a computer, in a preview and in production. */

type Facts = {
  /** Vite serves the page. */
  isDev: boolean;
  /** The address is this computer's own. */
  isLocal: boolean;
  isLocalAbly: boolean;
  /** Netlify's name for the kind of deploy. Undefined: production. */
  deployContext: string | undefined;
};

/** `toAbly`: inside of a sentence. */
export type Servers = { page: string; ably: string; toAbly: string; note: string };

export function serversOf({ isDev, isLocal, isLocalAbly, deployContext }: Facts): Servers {
  const [ably, toAbly] = isLocalAbly ? ["Local Ably", "local Ably"] : ["Ably", "Ably"];
  if (isLocalAbly) {
    const note =
      "All of it runs on this computer: local Ably stands in for Ably, and no account was needed.";
    return { page: "Vite", ably, toAbly, note };
  }
  if (isDev) {
    const note = "The page and its function run on this computer. Ably is Ably’s cloud.";
    return { page: "Vite", ably, toAbly, note };
  }
  if (isLocal) {
    const note = "The build and its function run on this computer. Ably is Ably’s cloud.";
    return { page: "Netlify’s CLI", ably, toAbly, note };
  }
  const isProduction = !deployContext || deployContext === "production";
  const note = isProduction
    ? "Netlify serves the page and runs the function. Ably holds the WebSocket."
    : `Netlify serves this ${deployContext.replace("-", " ")} and runs its function. Ably holds the WebSocket, apart from production’s rooms.`;
  return { page: "Netlify’s CDN", ably, toAbly, note };
}
