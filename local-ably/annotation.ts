/** Annotations of messages. https://ably.com/docs/messages/annotations */
import { AblyError, assert } from "./error.ts";
import { isRecord } from "./format.ts";
import { type Draft, parseMessages, readText } from "./message.ts";
import { AnnotationAction, type Subject } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { ANONYMOUS_METHODS, METHODS } from "./summary.ts";

export type AnnotationDraft = Draft & Subject;

/** The method in the type of an annotation. Annotations without one are not summarized. */
export const methodOf = ({ type }: Subject): string | undefined => type.split(":")[1];

/** @param messageSerial The message, if the address of a REST request names it. */
export function parseAnnotations(
  value: unknown,
  settings: Settings,
  messageSerial?: string,
): AnnotationDraft[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const drafts = parseMessages(items, settings);
  return drafts.map((draft, i) => ({ ...draft, ...parseSubject(items[i], messageSerial) }));
}

function parseSubject(item: unknown, serial: string | undefined): Subject {
  assert(isRecord(item), 40000, "An annotation must be an object.");
  const messageSerial = serial ?? readText(item, "messageSerial", 40000);
  const type = readText(item, "type", 40000);
  const count = item.count ?? 0;
  assert(messageSerial, 40000, "An annotation needs a messageSerial.");
  assert(type && /^[^:]+(:[^:]+)?$/.test(type), 40000, "An annotation needs a type: name:method.");
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0)
    throw new AblyError(40000, "The count of an annotation must be a whole number.");
  // Ably reads a count of 0 as 1.
  return { messageSerial, type, count: count || undefined };
}

/** Throws 40000 for what Ably would refuse. */
export function checkAnnotation(annotation: AnnotationDraft): void {
  const { action = AnnotationAction.CREATE, clientId } = annotation;
  const method = methodOf(annotation);
  const isKnown = Object.values<number>(AnnotationAction).includes(action);
  assert(isKnown, 40000, "The action of an annotation must be create or delete.");
  if (method === undefined) return;
  assert(METHODS.includes(method), 40000, `The type must end in one of ${METHODS.join(", ")}.`);
  if (clientId === undefined && !ANONYMOUS_METHODS.includes(method))
    throw new AblyError(40000, `Annotations with ${method} need a clientId. Connect with one.`);
}
