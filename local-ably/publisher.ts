import { type Annotation, type AnnotationDraft, checkAnnotation } from "./annotation.ts";
import type { Identity } from "./auth.ts";
import { permits, requireCapability } from "./capability.ts";
import type { Channel, Sender } from "./channel.ts";
import { assert } from "./error.ts";
import {
  type Draft,
  type Message,
  checkEncoding,
  checkExtras,
  checkIds,
  checkSize,
} from "./message.ts";
import { MessageAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const { CREATE, UPDATE, DELETE, APPEND } = MessageAction;
const CHANGES: unknown[] = [UPDATE, DELETE, APPEND];

/** One client on one channel, by socket or by REST: checks what Ably checks of its publishes. */
export class Publisher {
  readonly #channel: Channel;
  readonly #identity: Identity;
  readonly #connections: ReadonlyMap<string, unknown>;
  readonly #sender: Sender;

  /** @param connections All connections of the server, by ID. */
  constructor(
    channel: Channel,
    identity: Identity,
    connections: ReadonlyMap<string, unknown>,
    sender: Sender,
  ) {
    this.#channel = channel;
    this.#identity = identity;
    this.#connections = connections;
    this.#sender = sender;
  }

  publish(drafts: Draft[]): Message[] {
    const { settings } = this.#channel;
    checkSize(drafts, settings);
    this.#checkIds(drafts);
    for (const draft of drafts) {
      const { action = CREATE } = draft;
      assert(action === CREATE, 40000, "A publish must not have a message action.");
      checkExtras(draft, settings);
      checkEncoding(draft, settings);
    }
    const named = drafts.map((draft) => ({ ...draft, clientId: this.#clientIdOf(draft) }));
    return this.#channel.publish(named, this.#sender);
  }

  /** Updates, deletes or appends to a message. Throws 40160, 40400 or 93002. */
  change(drafts: Draft[]): Message {
    const [draft] = drafts;
    const { settings } = this.#channel;
    requireMutable(settings);
    assert(
      draft && drafts.length === 1 && CHANGES.includes(draft.action),
      40000,
      "A change must be a single message with the action update, delete or append.",
    );
    this.#requireOwnership(draft);
    checkExtras(draft, settings);
    checkEncoding(draft, settings);
    const clientId = this.#clientIdOf(draft.operation);
    const operation = { ...draft.operation, clientId };
    return this.#channel.change({ ...draft, operation }, this.#sender);
  }

  annotate(drafts: AnnotationDraft[]): Annotation[] {
    const { settings, name } = this.#channel;
    requireMutable(settings);
    requireCapability(this.#identity.capability, name, "annotation-publish");
    checkSize(drafts, settings);
    const named = drafts.map((draft) => ({ ...draft, clientId: this.#clientIdOf(draft) }));
    for (const draft of named) {
      checkAnnotation(draft);
      checkEncoding(draft, settings);
    }
    this.#checkIds(drafts);
    return this.#channel.annotate(named, this.#sender);
  }

  updatePresence(drafts: Draft[]): void {
    const { settings } = this.#channel;
    checkSize(drafts, settings);
    this.#checkIds(drafts);
    const named = drafts.map((draft) => ({ ...draft, clientId: this.#clientIdOf(draft) }));
    for (const draft of named) {
      checkEncoding(draft, settings);
      assert(draft.clientId !== undefined, 91000, "Presence needs a clientId. Connect with one.");
    }
    this.#channel.updatePresence(named, this.#sender);
  }

  /** The client ID of the credentials, or any other than `*` under a wildcard. Throws 40012. */
  #clientIdOf({ clientId }: { clientId?: string | undefined }): string | undefined {
    const { clientId: own } = this.#identity;
    const isAnyone = own === "*";
    const named = clientId ?? (isAnyone ? undefined : own);
    assert(
      isAnyone ? named !== "*" && named !== "" : named === own,
      40012,
      `The clientId ${JSON.stringify(named)} is not the clientId of the connection (${own}).`,
    );
    return named;
  }

  /**
   * Throws 40031. An ID that another connection is going to use would make its next message look
   * like a repeat, and that message would be lost.
   */
  #checkIds(drafts: Draft[]): void {
    checkIds(drafts);
    const prefixes = drafts.map(({ id }) => id?.split(":")[0]);
    assert(
      prefixes.every((id = "") => id === this.#sender.connectionId || !this.#connections.has(id)),
      40031,
      "The id of a message must not start with the ID of another connection.",
    );
  }

  #requireOwnership({ action, serial }: Draft): void {
    const { capability, clientId } = this.#identity;
    const { name } = this.#channel;
    const operation = action === DELETE ? "message-delete" : "message-update";
    requireCapability(capability, name, `${operation}-any`, `${operation}-own`);
    const { current } = this.#channel.find(serial);
    assert(
      permits(capability, name, `${operation}-any`) ||
        (clientId !== undefined && clientId === current.clientId),
      40160,
      `The capability allows ${operation}-own, and the message is from another clientId.`,
    );
  }
}

/** Throws 93002, as Ably does where the rule of the channel is off. */
export function requireMutable({ mutableMessages }: Settings): void {
  assert(
    mutableMessages,
    93002,
    "The channel does not allow annotations, updates, deletes and appends. On Ably, add a channel rule; here, turn the setting mutableMessages on.",
  );
}
