/** Summaries of annotations. https://ably.com/docs/messages/annotations#annotation-types */

type ClientList = { total: number; clientIds: string[]; clipped: boolean };
type ClientCounts = {
  total: number;
  clientCounts: Record<string, number>;
  totalUnidentified: number;
  totalClientIds: number;
  clipped: boolean;
};
type Named<T> = Record<string, T>;

/** By annotation type. */
export type Summary = Record<
  string,
  { total: number } | ClientList | Named<ClientList> | Named<ClientCounts>
>;

/** How the annotations of a type are counted. The type ends in one of these, after a colon. */
export const METHODS = ["total.v1", "flag.v1", "distinct.v1", "unique.v1", "multiple.v1"];
/** Methods that clients without a client ID may use. */
export const ANONYMOUS_METHODS = ["total.v1", "multiple.v1"];

/** Longer lists are clipped. Ably clips them where the message would become too large. */
const MAX_CLIENT_IDS = 500;
/** The client ID of those who have none. */
const UNIDENTIFIED = "";

type Contribution = {
  name?: string | undefined;
  clientId?: string | undefined;
  count?: number | undefined;
};

/** Counts the annotations of one type on one message. */
export class Tally {
  readonly #method: string;
  /** By name and client ID. Methods that ignore one of them use "". */
  readonly #names = new Map<string, Map<string, number>>();

  constructor(method: string) {
    this.#method = method;
  }

  add(contribution: Contribution): void {
    const { clientId, count = 1 } = contribution;
    const clients = this.#clientsOf(contribution);
    switch (this.#method) {
      case "total.v1":
        clients.set(UNIDENTIFIED, (clients.get(UNIDENTIFIED) ?? 0) + 1);
        return;
      case "multiple.v1":
        clients.set(clientId ?? UNIDENTIFIED, (clients.get(clientId ?? UNIDENTIFIED) ?? 0) + count);
        return;
      case "unique.v1":
        for (const others of this.#names.values()) others.delete(clientId ?? UNIDENTIFIED);
        break;
    }
    clients.set(clientId ?? UNIDENTIFIED, 1);
  }

  remove(contribution: Contribution): void {
    const clients = this.#clientsOf(contribution);
    const { clientId } = contribution;
    if (clientId !== undefined) clients.delete(clientId);
    const total = clients.get(UNIDENTIFIED) ?? 0;
    if (this.#method === "total.v1" && total > 0) clients.set(UNIDENTIFIED, total - 1);
  }

  summarize(): Summary[string] {
    if (this.#method === "total.v1") return { total: totalOf(this.#clientsOf({})) };
    if (this.#method === "flag.v1") return toClientList(this.#clientsOf({}));
    const named = [...this.#names].filter(([, clients]) => clients.size > 0);
    return this.#method === "multiple.v1"
      ? Object.fromEntries(named.map(([name, clients]) => [name, toClientCounts(clients)]))
      : Object.fromEntries(named.map(([name, clients]) => [name, toClientList(clients)]));
  }

  #clientsOf({ name = "" }: Contribution): Map<string, number> {
    const key = ["total.v1", "flag.v1"].includes(this.#method) ? "" : name;
    const known = this.#names.get(key) ?? new Map<string, number>();
    this.#names.set(key, known);
    return known;
  }
}

function toClientList(clients: Map<string, number>): ClientList {
  const clientIds = [...clients.keys()].slice(0, MAX_CLIENT_IDS);
  return { total: clients.size, clientIds, clipped: clients.size > MAX_CLIENT_IDS };
}

function toClientCounts(clients: Map<string, number>): ClientCounts {
  const identified = [...clients].filter(([clientId]) => clientId !== UNIDENTIFIED);
  return {
    total: totalOf(clients),
    clientCounts: Object.fromEntries(identified.slice(0, MAX_CLIENT_IDS)),
    totalUnidentified: clients.get(UNIDENTIFIED) ?? 0,
    totalClientIds: identified.length,
    clipped: identified.length > MAX_CLIENT_IDS,
  };
}

function totalOf(clients: Map<string, number>): number {
  return [...clients.values()].reduce((sum, count) => sum + count, 0);
}
