/** `npm run test:live`: are your Ably key, its capabilities and this network in order? */
import { config } from "dotenv";
import { checkAbly } from "./checks.ts";

// The files that `netlify dev` reads, in its order; the shell beats them.
config({
  path: [".env.development.local", ".env.local", ".env.development", ".env"],
  quiet: true,
});

const key = process.env.ABLY_API_KEY?.trim();
if (!key) {
  console.log("Skipped: there is no ABLY_API_KEY, in .env or the shell. Nothing was tried.");
} else {
  for await (const { outcome, name, detail } of checkAbly(key)) {
    console.log(`${outcome.padEnd(9)}  ${name}.`);
    if (detail) console.log(detail.replaceAll(/^/gm, " ".repeat(11)));
    if (outcome !== "ok") process.exitCode = 1;
  }
  console.log(process.exitCode ? "Something is not in order: see above." : "All is in order.");
}
