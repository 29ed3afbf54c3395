/** Which operations on which channels. https://ably.com/docs/auth/capabilities */
import { AblyError } from "./error.ts";
import { isRecord } from "./protocol.ts";

/** Resource (a channel name, perhaps with wildcards) → operations, or `["*"]` for all of them. */
export type Capability = Record<string, string[]>;

const OPERATIONS = [
  "annotation-publish",
  "annotation-subscribe",
  "channel-metadata",
  "history",
  "message-delete-any",
  "message-delete-own",
  "message-update-any",
  "message-update-own",
  "object-publish",
  "object-subscribe",
  "presence",
  "privileged-headers",
  "publish",
  "push-admin",
  "push-subscribe",
  "stats",
  "subscribe",
];

/** A capability from its JSON text, or already parsed. Throws 40000 for what Ably would refuse. */
export function parseCapability(value: unknown): Capability {
  const parsed = typeof value === "string" ? parseJson(value) : value;
  if (!isRecord(parsed)) throw invalid("it is not a JSON object");
  for (const [resource, operations] of Object.entries(parsed)) {
    if (!Array.isArray(operations) || operations.length === 0) {
      throw invalid(`${resource} has no list of operations`);
    }
    if (operations.includes("*") && operations.length > 1) {
      throw invalid(`${resource} has other operations beside *`);
    }
    const unknown = operations.find((name) => name !== "*" && !OPERATIONS.includes(name));
    if (unknown !== undefined) throw invalid(`${String(unknown)} is not an operation`);
  }
  return parsed as Capability;
}

export function permits(capability: Capability, channel: string, operation: string): boolean {
  return Object.entries(capability).some(
    ([resource, operations]) =>
      (operations.includes("*") || operations.includes(operation)) &&
      intersectResources(resource, channel) === channel,
  );
}

/** What both allow, sorted as Ably returns it. Throws 40160 if that is nothing. */
export function intersect(one: Capability, other: Capability): Capability {
  const found = new Map<string, Set<string>>();
  for (const [resource, operations] of Object.entries(one)) {
    for (const [otherResource, otherOperations] of Object.entries(other)) {
      const shared = intersectResources(resource, otherResource);
      const both = intersectOperations(operations, otherOperations);
      if (shared === undefined || both.length === 0) continue;
      found.set(shared, new Set([...(found.get(shared) ?? []), ...both]));
    }
  }
  if (found.size === 0) {
    throw new AblyError(
      40160,
      401,
      "The capability asked for has nothing in common with the key's.",
    );
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, all]) => [name, all.has("*") ? ["*"] : [...all].toSorted()]),
  );
}

function intersectOperations(one: string[], other: string[]): string[] {
  if (one.includes("*")) return other;
  if (other.includes("*")) return one;
  return one.filter((operation) => other.includes(operation));
}

/**
 * The resource that two have in common: `*` stands for one whole segment, or, at the end, for any
 * number of them, none included. Names with a [qualifier] meet only names with the same one: `*` leaves out `[meta]log`.
 */
function intersectResources(one: string, other: string): string | undefined {
  if (qualifierOf(one) !== qualifierOf(other)) return undefined;
  const [a, b] = [one.split(":"), other.split(":")];
  const shared: string[] = [];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === "*" && i === a.length - 1) return [...shared, ...b.slice(i)].join(":");
    if (y === "*" && i === b.length - 1) return [...shared, ...a.slice(i)].join(":");
    if (x === undefined || y === undefined) return undefined;
    if (x !== y && x !== "*" && y !== "*") return undefined;
    shared.push(x === "*" ? y : x);
  }
  return shared.join(":");
}

function qualifierOf(name: string): string {
  return /^\[[^\]]*\]/.exec(name)?.[0] ?? "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
}

function invalid(why: string): AblyError {
  return new AblyError(40000, 400, `The capability is invalid: ${why}.`);
}
