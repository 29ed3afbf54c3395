/** Annotations of messages, and their summaries. https://ably.com/docs/messages/annotations */
import { assert } from "./error.ts";
import { isRecord } from "./format.ts";
import { type Draft, parseMessages, readText } from "./message.ts";
import { type Annotation, AnnotationAction, type Subject } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const { CREATE, DELETE } = AnnotationAction;
/** How annotations are counted. Their type ends in one of these, after a colon. */
const METHODS = ["total.v1", "flag.v1", "distinct.v1", "unique.v1", "multiple.v1"];
const METHODS_WITHOUT_NAMES = ["total.v1", "flag.v1"];
const METHODS_WITHOUT_CLIENTS = ["total.v1", "multiple.v1"];
/** Longer lists are clipped. Ably clips them where the message would become too large. */
const MAX_CLIENT_IDS = 500;
const UNIDENTIFIED = "";

export type AnnotationDraft = Draft & Subject;
type Clients = Map<string, number>;

const methodOf = (type: string): string => type.split(":")[1] ?? "";

/** @param serial The message, if the address of a REST request names it. */
export function parseAnnotations(value: unknown, settings: Settings, serial?: string) {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const drafts = parseMessages(items, settings);
  return drafts.map((draft, index) => ({ ...draft, ...parseSubject(items[index], serial) }));
}

function parseSubject(item: unknown, serial: string | undefined): Subject {
  assert(isRecord(item), 40000, "An annotation must be an object.");
  const messageSerial = serial ?? readText(item, "messageSerial", 40000);
  const type = readText(item, "type", 40000);
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
  const isAction = action === CREATE || action === DELETE;
  assert(isAction, 40000, "The action of an annotation must be create or delete.");
  const isKnown = !method || METHODS.includes(method);
  assert(isKnown, 40000, `The type must end in one of ${METHODS.join(", ")}.`);
  const isNamed = !method || clientId !== undefined || METHODS_WITHOUT_CLIENTS.includes(method);
  assert(isNamed, 40000, `Annotations with ${method} need a clientId. Connect with one.`);
}

/** Returns the summaries of the annotations of one message, by type. */
export function summarize(annotations: Annotation[]): Record<string, object> {
  const types = new Set(annotations.map(({ type }) => type).filter(methodOf));
  const summaries = [...types].map((type) => {
    const own = annotations.filter((annotation) => annotation.type === type);
    return [type, toSummary(methodOf(type), own)];
  });
  return Object.fromEntries(summaries);
}

function toSummary(method: string, annotations: Annotation[]): object {
  const names = new Map<string, Clients>();
  const previousNames = new Map<string, string>();
  for (const annotation of annotations) {
    const name = METHODS_WITHOUT_NAMES.includes(method) ? "" : (annotation.name ?? "");
    const clients: Clients = names.get(name) ?? new Map();
    const client = annotation.clientId ?? UNIDENTIFIED;
    if (method === "unique.v1" && annotation.action !== DELETE) {
      names.get(previousNames.get(client) ?? name)?.delete(client);
      previousNames.set(client, name);
    }
    names.set(name, clients);
    contribute(method, clients, annotation);
  }
  if (method === "total.v1") return { total: totalOf(names.get("")) };
  if (method === "flag.v1") return toList(names.get(""));
  const toEntry = method === "multiple.v1" ? toCounts : toList;
  const named = [...names].filter(([, clients]) => clients.size > 0);
  return Object.fromEntries(named.map(([name, clients]) => [name, toEntry(clients)]));
}

function contribute(method: string, clients: Clients, annotation: Annotation): void {
  const client = (method !== "total.v1" && annotation.clientId) || UNIDENTIFIED;
  const count = clients.get(client) ?? 0;
  const isDelete = annotation.action === DELETE;
  if (method === "total.v1") clients.set(client, Math.max(0, isDelete ? count - 1 : count + 1));
  else if (isDelete && client !== UNIDENTIFIED) clients.delete(client);
  else if (!isDelete && method !== "multiple.v1") clients.set(client, 1);
  else if (!isDelete) clients.set(client, count + (annotation.count ?? 1));
}

function toList(clients: Clients = new Map()): object {
  const clientIds = [...clients.keys()].slice(0, MAX_CLIENT_IDS);
  return { total: clients.size, clientIds, clipped: clients.size > MAX_CLIENT_IDS };
}

function toCounts(clients: Clients): object {
  const identified = [...clients].filter(([clientId]) => clientId !== UNIDENTIFIED);
  const totalUnidentified = clients.get(UNIDENTIFIED) ?? 0;
  const clientCounts = Object.fromEntries(identified.slice(0, MAX_CLIENT_IDS));
  const clipped = identified.length > MAX_CLIENT_IDS;
  const totals = { total: totalOf(clients), totalUnidentified, totalClientIds: identified.length };
  return { ...totals, clientCounts, clipped };
}

function totalOf(clients: Clients = new Map()): number {
  return [...clients.values()].reduce((sum, count) => sum + count, 0);
}
