/** Changes of messages. https://ably.com/docs/messages/updates-deletes */
import { methodOf } from "./annotation.ts";
import { AblyError } from "./error.ts";
import { isBytes } from "./format.ts";
import type { Annotation, Content, Message, Version } from "./protocol.ts";
import { AnnotationAction, MessageAction } from "./protocol.ts";
import { Tally } from "./summary.ts";

/** A kept message with its versions and its annotations. */
export class VersionedMessage {
  /** The latest version, without a summary. */
  current: Message;
  /** Oldest first. Consecutive appends are one version. */
  readonly versions: Message[];
  readonly annotations: Annotation[] = [];
  readonly #tallies = new Map<string, Tally>();
  #isAppended = false;

  constructor(created: Message) {
    this.current = created;
    this.versions = [created];
  }

  /** The latest version with the summary, which is not kept: it grows with each annotation. */
  get latest(): Message {
    if (this.#tallies.size === 0) return this.current;
    const summaries = [...this.#tallies].map(([type, tally]) => [type, tally.summarize()]);
    return { ...this.current, annotations: { summary: Object.fromEntries(summaries) } };
  }

  addVersion(version: Message, isAppend: boolean): void {
    if (isAppend && this.#isAppended) this.versions.pop();
    this.versions.push(version);
    this.#isAppended = isAppend;
    this.current = version;
  }

  /** Returns whether the summary has changed. */
  annotate(annotation: Annotation): boolean {
    this.annotations.push(annotation);
    const method = methodOf(annotation);
    if (method === undefined) return false;
    const tally = this.#tallies.get(annotation.type) ?? new Tally(method);
    this.#tallies.set(annotation.type, tally);
    if (annotation.action === AnnotationAction.DELETE) tally.remove(annotation);
    else tally.add(annotation);
    return true;
  }
}

/** Returns the next version: what the change has replaces what the message had. */
export function merge(current: Message, change: Content, version: Version): Message {
  const isAppend = change.action === MessageAction.APPEND;
  const replaced = change.data === undefined ? current : change;
  const { data, encoding } = isAppend ? append(current, change) : replaced;
  const name = change.name ?? current.name;
  const extras = change.extras ?? current.extras;
  const action = isAppend ? MessageAction.UPDATE : change.action;
  return { ...current, name, extras, data, encoding, action, version };
}

/** Appends a string to a string, or binary to binary. Throws 40013 for anything else. */
function append(current: Content, change: Content): Content {
  const [one, other] = [current.data, change.data];
  if (other === undefined) return current;
  if (one === undefined) return change;
  if (current.encoding === undefined && change.encoding === undefined) {
    if (typeof one === "string" && typeof other === "string") return { data: one + other };
    if (isBytes(one) && isBytes(other)) return { data: Buffer.concat([one, other]) };
  }
  throw new AblyError(40013, "Append a string to a string, or binary to binary; nothing else.");
}
