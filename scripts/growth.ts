import {
  ABLY_LIMITS,
  ABLY_PACKAGES,
  CREDITS,
  FUNCTION_GIGABYTES,
  NETLIFY_PLANS,
  PER_CHANNEL,
} from "./limits.ts";

const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_MONTH = 30 * 24 * SECONDS_PER_HOUR;

/** What you know, or guess, of a site. */
export type Site = {
  /** Connected at the same time, on average. */
  people: number;
  /** How long one stays, minutes. */
  visit: number;
  /** How long a token lasts, seconds. */
  ttl: number;
  /** How many share a room. */
  room: number;
  /** What one person sends in a minute. */
  messages: number;
  /** How long Netlify bills a call of the function for, ms. */
  call: number;
};

export const DEFAULT_SITE = { visit: 30, ttl: 3_600, room: 50, messages: 0.5, call: 10 } as const;

/** The numbers of such a site, all the time at this size. */
export function grow({ people, visit, ttl, room, messages, call }: Site) {
  const visitSeconds = visit * 60;
  const newConnectionsPerSecond = people / visitSeconds;
  // One token to begin with, and another each time that one ends before the visit does.
  const tokensPerVisit = Math.ceil(visitSeconds / ttl);
  const tokenRequestsPerSecond = newConnectionsPerSecond * tokensPerVisit;
  const callsPerMonth = tokenRequestsPerSecond * SECONDS_PER_MONTH;

  const gigabyteHours = (callsPerMonth * call * FUNCTION_GIGABYTES) / 1_000 / SECONDS_PER_HOUR;
  const credits =
    gigabyteHours * CREDITS.perGigabyteHour + (callsPerMonth / 10_000) * CREDITS.per10000Requests;

  // Presence: enter and leave for each visit, "types" and "has stopped" for each message.
  const sentPerPersonAndSecond = (messages * 3) / 60 + 2 / visitSeconds;
  const inOneRoom = Math.min(room, people);
  return {
    connections: people,
    newConnectionsPerSecond,
    tokenRequestsPerSecond,
    tokenRequestsPerHour: tokenRequestsPerSecond * SECONDS_PER_HOUR,
    callsPerMonth,
    credits,
    channels: Math.ceil(people / room),
    // Ably counts a message once as it is sent, and once for each who gets it, its sender too.
    messagesPerSecond: people * sentPerPersonAndSecond * (1 + inOneRoom),
    inRoom: { members: inOneRoom, perSecond: inOneRoom * sentPerPersonAndSecond },
    inLobby: { members: people, perSecond: people * sentPerPersonAndSecond },
  };
}

type Growth = ReturnType<typeof grow>;
type Limited = keyof typeof ABLY_LIMITS;

/** The smallest package of Ably that holds so much. */
export function packageFor(what: Limited, value: number): (typeof ABLY_PACKAGES)[number] {
  const index = ABLY_LIMITS[what].findIndex((limit) => value <= limit);
  return ABLY_PACKAGES[index] ?? "Enterprise";
}

/** The smallest plan of Netlify whose credits pay for the function. */
export function planFor(credits: number): string {
  return NETLIFY_PLANS.find(([, included]) => credits <= included)?.[0] ?? "more than Pro has";
}

/** A Markdown table with a column for each site. */
export function formatGrowth(sites: Site[]): string {
  const grown = sites.map(grow);
  const row = (label: string, cell: (growth: Growth) => string) =>
    `| ${[label, ...grown.map(cell)].join(" | ")} |`;
  const limited = (label: string, what: Limited) =>
    row(label, (growth) => `${format(growth[what])} → ${packageFor(what, growth[what])}`);
  const bounded = (label: string, limit: number, value: (growth: Growth) => number) =>
    row(`${label}, at most ${limit}`, (growth) => {
      const number = format(value(growth));
      return value(growth) > limit ? `**${number}: too many**` : number;
    });

  return [
    row("people connected", ({ connections }) => format(connections)),
    `| --- |${" ---: |".repeat(sites.length)}`,
    row("calls of the function, per second", (growth) => format(growth.tokenRequestsPerSecond)),
    row("the same, per month", ({ callsPerMonth }) => format(callsPerMonth)),
    row("Netlify: credits for them, per month", ({ credits }) => {
      return `${format(credits)} → ${planFor(credits)}`;
    }),
    limited("Ably: connections", "connections"),
    limited("Ably: new connections per second", "newConnectionsPerSecond"),
    limited("Ably: token requests per second", "tokenRequestsPerSecond"),
    limited("Ably: token requests per hour", "tokenRequestsPerHour"),
    limited("Ably: channels, one for each room", "channels"),
    limited("Ably: messages per second, in and out", "messagesPerSecond"),
    bounded("members of a room", PER_CHANNEL.presenceMembers, ({ inRoom }) => inRoom.members),
    bounded("sent in a room per second", PER_CHANNEL.messagesPerSecond, ({ inRoom }) => {
      return inRoom.perSecond;
    }),
    bounded("members, all in the lobby", PER_CHANNEL.presenceMembers, ({ inLobby }) => {
      return inLobby.members;
    }),
    bounded("sent per second, all in the lobby", PER_CHANNEL.messagesPerSecond, ({ inLobby }) => {
      return inLobby.perSecond;
    }),
  ].join("\n");
}

/** Three digits: the inputs are known no better. */
function format(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 2 });
}
