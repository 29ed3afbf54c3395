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
/** Longer lists are clipped. Ably clips them where the message would become too large. */
const MAX_CLIENT_IDS = 500;
const UNIDENTIFIED = "";
const methodOf = (type: string): string => type.split(":")[1] ?? "";

export type AnnotationDraft = Draft & Subject;
/** How often each client counts. */
type Clients = Map<string, number>;

/** @param serial The message, if the address of a REST request names it. */
export function parseAnnotations(value: unknown, settings: Settings, serial?: string) {
  const items = [value].flat();
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
  assert(action === CREATE || action === DELETE, 40000, "The action must be create or delete.");
  assert(!method || METHODS.includes(method), 40000, `The type must end in one of ${METHODS}.`);
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
  if (method === "total.v1") return toTotal(annotations);
  const names = new Map<string, Clients>();
  const previous = new Map<string, Clients>();
  for (const { action, clientId = UNIDENTIFIED, name = "", count = 1 } of annotations) {
    const key = method === "flag.v1" ? "" : name;
    const clients: Clients = names.get(key) ?? new Map();
    const before = clients.get(clientId) ?? 0;
    names.set(key, clients);
    if (action !== DELETE) {
      if (method === "unique.v1") previous.get(clientId)?.delete(clientId);
      previous.set(clientId, clients);
      clients.set(clientId, method === "multiple.v1" ? before + count : 1);
    } else if (clientId !== UNIDENTIFIED) clients.delete(clientId);
  }
  if (method === "flag.v1") return toList(names.get(""));
  const toEntry = method === "multiple.v1" ? toCounts : toList;
  const named = [...names].filter(([, clients]) => clients.size > 0);
  return Object.fromEntries(named.map(([name, clients]) => [name, toEntry(clients)]));
}

function toTotal(annotations: Annotation[]): object {
  const steps = annotations.map(({ action }) => (action === DELETE ? -1 : 1));
  return { total: steps.reduce((total, step) => Math.max(0, total + step), 0) };
}

function toList(clients: Clients = new Map()): object {
  const clientIds = [...clients.keys()].slice(0, MAX_CLIENT_IDS);
  return { total: clients.size, clientIds, clipped: clients.size > MAX_CLIENT_IDS };
}

function toCounts(clients: Clients): object {
  const identified = [...clients].filter(([clientId]) => clientId !== UNIDENTIFIED);
  return {
    total: [...clients.values()].reduce((sum, count) => sum + count, 0),
    totalUnidentified: clients.get(UNIDENTIFIED) ?? 0,
    totalClientIds: identified.length,
    clientCounts: Object.fromEntries(identified.slice(0, MAX_CLIENT_IDS)),
    clipped: identified.length > MAX_CLIENT_IDS,
  };
}
