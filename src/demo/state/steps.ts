/** SHOWN. What to do on a site without a key, in three steps. */

export type Step = {
  /** Links are set apart. */
  words: (string | { text: string; url: string })[];
  /** A line to paste. */
  line?: string;
};

/** Where the page runs: this decides where the key is set. */
export type Place = "netlify" | "dev" | "serve";

export const KEY_LINE = "ABLY_API_KEY=";
export const API_KEYS = {
  text: "Ably's API keys",
  url: "https://ably.com/accounts/any/apps/any/app_keys",
};
const NETLIFY = { text: "Netlify", url: "https://app.netlify.com" };
const SIGN_UP = { text: "sign up at Ably", url: "https://ably.com/sign-up" };

const COPY_A_KEY: Step = {
  words: ["Get a key: ", SIGN_UP, ", then open ", API_KEYS, " and copy the first one."],
};

/** For somebody who does not know Ably. */
export const WHAT_ABLY_IS =
  "Ably is the service that carries messages between the people on this page. Its free plan is enough.";

/** Where to set the key of a site that has none. */
export function setUpSteps(place: Place): Step[] {
  return place === "netlify" ? [COPY_A_KEY, ...ON_NETLIFY] : [COPY_A_KEY, ...onThisComputer(place)];
}

const ON_NETLIFY: Step[] = [
  {
    words: [
      "Open your project on ",
      NETLIFY,
      ": Project configuration → Environment variables → Add a variable → Import from a .env file. Paste this line, and your key after it. If ABLY_API_KEY is in the list already, edit its value instead.",
    ],
    line: KEY_LINE,
  },
  {
    words: [
      "Deploy again: Deploys → Trigger deploy → Deploy project. Leave this page open: it tries again at least twice a minute, and connects by itself.",
    ],
  },
];

function onThisComputer(place: Place): Step[] {
  const command = place === "dev" ? "npm run dev" : "npm run serve";
  return [
    {
      words: ["Write this line into the file .env in the project's folder, and your key after it."],
      line: KEY_LINE,
    },
    {
      words: [
        `Stop ${command} with Ctrl+C, and start it again. Leave this page open: it tries again at least twice a minute, and connects by itself.`,
      ],
    },
  ];
}
