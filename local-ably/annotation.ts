/** Annotations of messages, and their summaries. https://ably.com/docs/messages/annotations */
import { assert } from "./error.ts";
import { isRecord } from "./format.ts";
import { type Draft, parseMessages, readText } from "./message.ts";
import { type Annotation, AnnotationAction, type Subject } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const { CREATE, DELETE } = AnnotationAction;
/** How annotations are counted. Their type ends in one of these, after a colon. */
const METHODS = ["total.v1", "flag.v1", "distinct.v1", "unique.v1", "multiple.v1"];
const METHODS_WITHOUT_CLIENTS = ["total.v1", "multiple.v1"];
const METHODS_WITHOUT_NAMES = ["total.v1", "flag.v1"];
/** Its memory is not counted. */
const MAX_TYPE_LENGTH = 200;
/** What a name and a client ID take in a summary beside their texts, bytes. */
const BYTES_PER_NAME = 60;
const BYTES_PER_CLIENT_ID = 3;
const UNIDENTIFIED = "";
/** Annotations without a method are not summarized. */
export const methodOf = (type: string): string => type.split(":")[1] ?? "";

export type AnnotationDraft = Draft & Subject;
type Named = { type: string; name?: string | undefined };
/** How often each client counts. */
type Clients = Map<string, number>;
/** Characters of client IDs that a summary can still take. */
type Budget = { left: number };

/** @param serial The message, if the address of a REST request names it. */
export function parseAnnotations(value: unknown, settings: Settings, serial?: string) {
  const items = [value].flat();
  const drafts = parseMessages(items, settings);
  return drafts.map((draft, index) => ({ ...draft, ...parseSubject(items[index], serial) }));
}

function parseSubject(item: unknown, serial: string | undefined): Subject {
  assert(isRecord(item), 40000, "An annotation must be an object.");
  const messageSerial = serial ?? readText(item, "messageSerial", 40000);
  const type = readText(item, "type", 40000, MAX_TYPE_LENGTH);
  const { count } = item;
  assert(messageSerial, 40000, "An annotation needs a messageSerial.");
  assert(type && /^[^:]+(:[^:]+)?$/.test(type), 40000, "An annotation needs a type: name:method.");
  const isCount = count == null || (typeof count === "number" && count >= 0 && count % 1 === 0);
  assert(isCount, 40000, "The count of an annotation must be a whole number.");
  // Ably reads a count of 0 as 1.
  return { messageSerial, type, count: Number(count) || undefined };
}

export function checkAnnotation({ action = CREATE, clientId, type }: AnnotationDraft): void {
  const method = methodOf(type);
  assert(action === CREATE || action === DELETE, 40000, "The action must be create or delete.");
  assert(!method || METHODS.includes(method), 40000, `The type must end in one of ${METHODS}.`);
  const isNamed = !method || clientId !== undefined || METHODS_WITHOUT_CLIENTS.includes(method);
  assert(isNamed, 40000, `Annotations with ${method} need a clientId. Connect with one.`);
}

/**
 * The summaries of one message, by type. They grow by what is added, and have at most twice the
 * size of a message: as much for types and names as for client IDs, which are clipped as at Ably.
 */
export class Summary {
  /** By type and name. Types without names have the name "". */
  readonly #types = new Map<string, Map<string, Clients>>();
  readonly #maxSize: number;
  #size = 0;

  constructor({ maxMessageSize }: Settings) {
    this.#maxSize = maxMessageSize;
  }

  get isEmpty(): boolean {
    return this.#types.size === 0;
  }

  /** Throws 40009 if there is no room for the types and names of annotations. */
  requireRoom(annotations: Named[]): void {
    const summarized = annotations.filter(({ type }) => methodOf(type));
    const added = new Map(summarized.map((one) => [`${one.type} ${nameOf(one)}`, one]));
    const sizes = [...added.values()].map((one) => (this.#find(one) ? 0 : sizeOf(one)));
    const size = sizes.reduce((sum, own) => sum + own, this.#size);
    assert(size <= this.#maxSize, 40009, "The summary of the message would be too large.", 413);
  }

  add(annotation: Annotation): void {
    const { action, type, clientId = UNIDENTIFIED, count = 1 } = annotation;
    const method = methodOf(type);
    const clients = this.#find(annotation) ?? this.#create(annotation);
    const isDelete = action === DELETE;
    if (method === "total.v1") addTo(clients, UNIDENTIFIED, isDelete ? -1 : 1);
    else if (method === "multiple.v1" && !isDelete) addTo(clients, clientId, count);
    else if (isDelete && clientId !== UNIDENTIFIED) clients.delete(clientId);
    else if (!isDelete) {
      const others = this.#types.get(type)?.values() ?? [];
      if (method === "unique.v1") for (const other of others) other.delete(clientId);
      clients.set(clientId, 1);
    }
  }

  read(): Record<string, object> {
    const budget = { left: this.#maxSize };
    const summaries = [...this.#types].map(([type, names]) => {
      const method = methodOf(type);
      const clients: Clients = names.get("") ?? new Map();
      if (method === "total.v1") return [type, { total: clients.get(UNIDENTIFIED) }];
      if (method === "flag.v1") return [type, toList(clients, budget)];
      const toEntry = method === "multiple.v1" ? toCounts : toList;
      const counted = [...names].filter(([, { size }]) => size > 0);
      return [type, Object.fromEntries(counted.map(([name, own]) => [name, toEntry(own, budget)]))];
    });
    return Object.fromEntries(summaries);
  }

  #find(subject: Named): Clients | undefined {
    return this.#types.get(subject.type)?.get(nameOf(subject));
  }

  #create(subject: Named): Clients {
    const { type } = subject;
    const names = this.#types.get(type) ?? new Map<string, Clients>();
    const clients: Clients = new Map();
    this.#types.set(type, names.set(nameOf(subject), clients));
    this.#size += sizeOf(subject);
    return clients;
  }
}

const addTo = (clients: Clients, clientId: string, count: number): unknown =>
  clients.set(clientId, Math.max(0, (clients.get(clientId) ?? 0) + count));

function nameOf({ type, name = "" }: Named): string {
  return METHODS_WITHOUT_NAMES.includes(methodOf(type)) ? "" : name;
}
const sizeOf = (one: Named): number => one.type.length + nameOf(one).length + BYTES_PER_NAME;

/** Takes client IDs, in the order of their annotations, as long as there is room. */
function take(clients: Clients, budget: Budget): [clientId: string, count: number][] {
  const taken: [string, number][] = [];
  for (const [clientId, count] of clients) {
    if (clientId === UNIDENTIFIED) continue;
    budget.left -= clientId.length + BYTES_PER_CLIENT_ID;
    if (budget.left < 0) break;
    taken.push([clientId, count]);
  }
  return taken;
}

function toList(clients: Clients, budget: Budget): object {
  const clientIds = take(clients, budget).map(([clientId]) => clientId);
  return { total: clients.size, clientIds, clipped: clientIds.length < clients.size };
}

function toCounts(clients: Clients, budget: Budget): object {
  const taken = take(clients, budget);
  const identified = clients.size - (clients.has(UNIDENTIFIED) ? 1 : 0);
  return {
    total: [...clients.values()].reduce((sum, count) => sum + count, 0),
    totalUnidentified: clients.get(UNIDENTIFIED) ?? 0,
    totalClientIds: identified,
    clientCounts: Object.fromEntries(taken),
    clipped: taken.length < identified,
  };
}
