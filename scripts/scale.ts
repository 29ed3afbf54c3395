/**
 * `npm run scale`: the table of docs/scale.md. With your own inputs:
 * `npm run scale -- --people 50000 --visit 120 --ttl 3600 --room 20 --messages 2 --call 10`
 */
import { parseArgs } from "node:util";
import { DEFAULT_SITE, formatGrowth } from "./growth.ts";

const SIZES = [1_000, 100_000, 10_000_000];

const { values } = parseArgs({
  options: {
    people: { type: "string", multiple: true, default: SIZES.map(String) },
    visit: { type: "string", default: `${DEFAULT_SITE.visit}` },
    ttl: { type: "string", default: `${DEFAULT_SITE.ttl}` },
    room: { type: "string", default: `${DEFAULT_SITE.room}` },
    messages: { type: "string", default: `${DEFAULT_SITE.messages}` },
    call: { type: "string", default: `${DEFAULT_SITE.call}` },
  },
});

const { people, ...others } = values;
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

function read(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    console.error(`--${name} must be a number above 0, not ${text}.`);
    process.exit(1);
  }
  return value;
}
