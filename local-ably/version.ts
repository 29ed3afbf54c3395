/** Changes of messages. https://ably.com/docs/messages/updates-deletes */
import { type Annotation, methodOf } from "./annotation.ts";
import { AblyError } from "./error.ts";
import { isBytes } from "./format.ts";
import type { Draft, Message, Version } from "./message.ts";
import { AnnotationAction, MessageAction } from "./protocol.ts";
import { Tally } from "./summary.ts";

/** A kept message with its versions and its annotations. */
export class VersionedMessage {
  /** Oldest first. Consecutive appends are one version. */
  readonly versions: Message[];
  readonly annotations: Annotation[] = [];
  readonly #tallies = new Map<string, Tally>();
  #current: Message;
  #isAppended = false;

  constructor(created: Message) {
    this.#current = created;
    this.versions = [created];
  }

  /** The latest version, without the summary. */
  get current(): Message {
    return this.#current;
  }

  /** The latest version, with the summary of the annotations. */
  get latest(): Message {
    return this.withSummary(this.#current);
  }

  /** Summaries grow with each annotation: they are computed on reading and not kept. */
  withSummary(message: Message): Message {
    if (this.#tallies.size === 0) return message;
    const summaries = [...this.#tallies].map(([type, tally]) => [type, tally.summarize()]);
    return { ...message, annotations: { summary: Object.fromEntries(summaries) } };
  }

  addVersion(version: Message, isAppend: boolean): void {
    if (isAppend && this.#isAppended) this.versions.pop();
    this.versions.push(version);
    this.#isAppended = isAppend;
    this.#current = version;
  }

  /** Returns whether the summary has changed. */
  annotate(annotations: Annotation[]): boolean {
    this.annotations.push(...annotations);
    const summarized = annotations.filter((annotation) => methodOf(annotation) !== undefined);
    for (const annotation of summarized) {
      const tally = this.#tallyOf(annotation);
      if (annotation.action === AnnotationAction.DELETE) tally.remove(annotation);
      else tally.add(annotation);
    }
    return summarized.length > 0;
  }

  #tallyOf(annotation: Annotation): Tally {
    const known = this.#tallies.get(annotation.type);
    const tally = known ?? new Tally(methodOf(annotation) ?? "");
    this.#tallies.set(annotation.type, tally);
    return tally;
  }
}

/** Returns the next version: what the change has replaces what the message had. */
export function merge(current: Message, change: Draft, version: Version): Message {
  const isAppend = change.action === MessageAction.APPEND;
  const { data, encoding } = isAppend ? append(current, change) : replace(current, change);
  return {
    ...current,
    name: change.name ?? current.name,
    extras: change.extras ?? current.extras,
    data,
    encoding,
    action: isAppend ? MessageAction.UPDATE : change.action,
    version,
  };
}

type Payload = Pick<Message, "data" | "encoding">;

function replace(current: Payload, change: Payload): Payload {
  return change.data === undefined ? current : change;
}

/** Appends a string to a string, or binary to binary. Throws 40013 for anything else. */
function append(current: Payload, change: Payload): Payload {
  const { encoding } = current;
  if (current.data === undefined || change.data === undefined) return replace(current, change);
  if (encoding === change.encoding && encoding === undefined) {
    const data = concatenate(current.data, change.data);
    if (data !== undefined) return { data, encoding };
  }
  const sentence = "Appends need a string on a string, or binary on binary, without an encoding.";
  throw new AblyError(40013, sentence);
}

function concatenate(one: string | Uint8Array, other: string | Uint8Array) {
  if (typeof one === "string" && typeof other === "string") return one + other;
  return isBytes(one) && isBytes(other) ? Buffer.concat([one, other]) : undefined;
}
