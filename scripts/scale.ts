/** `npm run scale`: the table of docs/scale.md. With your own inputs, as `USAGE` says. */
import { parseArgs } from "node:util";
import { DEFAULT_SITE, formatGrowth } from "./growth.ts";

const USAGE =
  "npm run scale -- --people 50000 --visit 120 --ttl 3600 --room 20 --messages 2 --call 10";
const SIZES = [1_000, 100_000, 10_000_000];

const { people, ...others } = readOptions();
const [visit, ttl, room, messages, call] = [
  read("visit", others.visit),
  read("ttl", others.ttl),
  read("room", others.room),
  read("messages", others.messages),
  read("call", others.call),
];
const sizes = people.map((size) => read("people", size));
console.log(
  formatGrowth(sizes.map((size) => ({ people: size, visit, ttl, room, messages, call }))),
);

function readOptions() {
  try {
    return parseArgs({
      options: {
        people: { type: "string", multiple: true, default: SIZES.map(String) },
        visit: { type: "string", default: `${DEFAULT_SITE.visit}` },
        ttl: { type: "string", default: `${DEFAULT_SITE.ttl}` },
        room: { type: "string", default: `${DEFAULT_SITE.room}` },
        messages: { type: "string", default: `${DEFAULT_SITE.messages}` },
        call: { type: "string", default: `${DEFAULT_SITE.call}` },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n${USAGE}`);
  }
}

function read(name: string, text: string): number {
  const value = Number(text);
  const isPositive = value > 0 && Number.isFinite(value);
  return isPositive ? value : fail(`--${name} must be a number above 0, not ${text}.`);
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
