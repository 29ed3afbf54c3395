/** Summaries of annotations. https://ably.com/docs/messages/annotations#annotation-types */

/** By annotation type. */
export type Summary = Record<string, object>;

/** How annotations are counted. Their type ends in one of these, after a colon. */
export const METHODS = ["total.v1", "flag.v1", "distinct.v1", "unique.v1", "multiple.v1"];
/** Methods for clients without a client ID. */
export const ANONYMOUS_METHODS = ["total.v1", "multiple.v1"];

/** Longer lists are clipped. Ably clips them where the message would become too large. */
const MAX_CLIENT_IDS = 500;
/** The client ID of all clients without one. */
const UNIDENTIFIED = "";

type Clients = Map<string, number>;
type Contribution = {
  name?: string | undefined;
  clientId?: string | undefined;
  count?: number | undefined;
};

/** Counts the annotations of one type on one message. */
export class Tally {
  readonly #method: string;
  /** Counts by name and client ID. total.v1 ignores both, and flag.v1 ignores names. */
  readonly #names = new Map<string, Clients>();

  constructor(method: string) {
    this.#method = method;
  }

  add({ name, clientId = UNIDENTIFIED, count = 1 }: Contribution): void {
    const clients = this.#clientsOf(name);
    if (this.#method === "unique.v1") for (const all of this.#names.values()) all.delete(clientId);
    if (this.#method === "total.v1") clients.set(UNIDENTIFIED, totalOf(clients) + 1);
    else if (this.#method !== "multiple.v1") clients.set(clientId, 1);
    else clients.set(clientId, (clients.get(clientId) ?? 0) + count);
  }

  remove({ name, clientId = UNIDENTIFIED }: Contribution): void {
    const clients = this.#clientsOf(name);
    if (this.#method === "total.v1") clients.set(UNIDENTIFIED, Math.max(0, totalOf(clients) - 1));
    else if (clientId !== UNIDENTIFIED) clients.delete(clientId);
  }

  summarize(): object {
    if (this.#method === "total.v1") return { total: totalOf(this.#clientsOf()) };
    if (this.#method === "flag.v1") return toList(this.#clientsOf());
    const toSummary = this.#method === "multiple.v1" ? toCounts : toList;
    const named = [...this.#names].filter(([, clients]) => clients.size > 0);
    return Object.fromEntries(named.map(([name, clients]) => [name, toSummary(clients)]));
  }

  #clientsOf(name = ""): Clients {
    const key = ["total.v1", "flag.v1"].includes(this.#method) ? "" : name;
    const clients: Clients = this.#names.get(key) ?? new Map();
    this.#names.set(key, clients);
    return clients;
  }
}

function toList(clients: Clients): object {
  const clientIds = [...clients.keys()].slice(0, MAX_CLIENT_IDS);
  return { total: clients.size, clientIds, clipped: clients.size > MAX_CLIENT_IDS };
}

function toCounts(clients: Clients): object {
  const identified = [...clients].filter(([clientId]) => clientId !== UNIDENTIFIED);
  return {
    total: totalOf(clients),
    clientCounts: Object.fromEntries(identified.slice(0, MAX_CLIENT_IDS)),
    totalUnidentified: clients.get(UNIDENTIFIED) ?? 0,
    totalClientIds: identified.length,
    clipped: identified.length > MAX_CLIENT_IDS,
  };
}

function totalOf(clients: Clients): number {
  return [...clients.values()].reduce((sum, count) => sum + count, 0);
}
