/** Annotations of messages. https://ably.com/docs/messages/annotations */
import { assert } from "./error.ts";
import { isRecord } from "./format.ts";
import { type Draft, type Message, parseMessages, readText } from "./message.ts";
import { AnnotationAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { ANONYMOUS_METHODS, METHODS } from "./summary.ts";

/** What an annotation says about a message. */
type Subject = {
  messageSerial: string;
  type: string;
  count: number | undefined;
};

export type AnnotationDraft = Draft & Subject;
export type Annotation = Message & Subject;

/** Reads the annotations of a frame or of a REST body. `messageSerial` comes from the address. */
export function parseAnnotations(
  value: unknown,
  settings: Settings,
  messageSerial?: string,
): AnnotationDraft[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return parseMessages(items, settings).map((draft, index) => ({
    ...draft,
    ...parseSubject(items[index], messageSerial),
  }));
}

function parseSubject(item: unknown, messageSerial: string | undefined): Subject {
  assert(isRecord(item), 40000, "An annotation must be an object.");
  const serial = messageSerial ?? readText(item, "messageSerial", 40000);
  const type = readText(item, "type", 40000);
  const { count } = item;
  assert(serial, 40000, "An annotation needs the messageSerial of a message.");
  assert(type && /^[^:]+(:[^:]+)?$/.test(type), 40000, "An annotation needs a type: name:method.");
  assert(
    count == null || (typeof count === "number" && Number.isInteger(count) && count >= 0),
    40000,
    "The count of an annotation must be a whole number.",
  );
  // Ably reads a count of 0 as 1.
  return { messageSerial: serial, type, count: count || undefined };
}

/** The method in the type of an annotation. Annotations without one are not summarized. */
export function methodOf({ type }: Subject): string | undefined {
  return type.split(":")[1];
}

/** Throws 40000 for what Ably would refuse. */
export function checkAnnotation(annotation: AnnotationDraft): void {
  const { action = AnnotationAction.CREATE, clientId } = annotation;
  const method = methodOf(annotation);
  assert(
    action === AnnotationAction.CREATE || action === AnnotationAction.DELETE,
    40000,
    `Unknown annotation action ${action}.`,
  );
  assert(
    method === undefined || METHODS.includes(method),
    40000,
    `Unknown summarization method ${method}. Use one of ${METHODS.join(", ")}.`,
  );
  assert(
    method === undefined || clientId !== undefined || ANONYMOUS_METHODS.includes(method),
    40000,
    `Annotations with ${method} need a clientId. Without one, use ${ANONYMOUS_METHODS.join(" or ")}.`,
  );
}
