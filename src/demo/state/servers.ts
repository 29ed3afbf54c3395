/** SHOWN. Who answers this page, by name: it differs on a computer, in a preview and in production. */
import { isProduction } from "../../realtime/index.ts";

type Facts = {
  /** Vite serves the page. */
  isDev: boolean;
  /** The address is one of this computer, or of its network. */
  isLocal: boolean;
  /** Netlify's name for the kind of deploy. Undefined: production. */
  deployContext: string | undefined;
};

/** `ablyInSentence`: not at its beginning. */
export type Servers = { page: string; ably: string; ablyInSentence: string; note: string };

const ABLY = { ably: "Ably", ablyInSentence: "Ably" };

export function serversOf({ isDev, isLocal, deployContext }: Facts): Servers {
  if (isDev) {
    const note = "The page and its function run on your computer. Ably is Ably’s cloud.";
    return { ...ABLY, page: "Vite", note };
  }
  if (isLocal) {
    const note = "The build and its function run on your computer. Ably is Ably’s cloud.";
    return { ...ABLY, page: "Netlify’s CLI", note };
  }
  const note = isProduction(deployContext)
    ? "Netlify serves the page and runs the function. Ably holds the WebSocket."
    : `Netlify serves this ${deployContext.replace("-", " ")} and runs its function. Ably holds the WebSocket, apart from production’s rooms.`;
  return { ...ABLY, page: "Netlify’s CDN", note };
}
