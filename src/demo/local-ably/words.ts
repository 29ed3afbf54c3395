/** SHOWN, until local-ably/ goes. What the page says while local Ably answers. */
import type { Servers } from "../state/servers.ts";
import { API_KEYS, KEY_LINE, type Step } from "../state/steps.ts";

/** Who answers the page. */
export const LOCAL_SERVERS: Servers = {
  page: "Vite",
  ably: "Local Ably",
  ablyInSentence: "local Ably",
  note: "All of it runs on your computer: local Ably stands in for Ably, and no account was needed.",
};

/** @param url The address of this page. */
export function firstSteps(url: string): Step[] {
  return [
    {
      words: [
        "Open ",
        { text: "this room in a second tab", url },
        ", and talk to yourself. No account is needed: local Ably answers.",
      ],
    },
    {
      words: [
        "Use Ably itself: write your key from ",
        API_KEYS,
        " into the file .env, then restart npm run dev.",
      ],
      line: KEY_LINE,
    },
    {
      words: [
        "Deploy: push the project to GitHub, and import it on ",
        { text: "Netlify", url: "https://app.netlify.com/start" },
        ". Set the same key there.",
      ],
    },
  ];
}
