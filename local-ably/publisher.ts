/** MESSAGE, PRESENCE and ANNOTATION, and the same over REST. */
import { type AnnotationDraft, checkAnnotation } from "./annotation.ts";
import type { Attachment } from "./attachment.ts";
import type { Identity } from "./auth.ts";
import { permits, requireCapability } from "./capability.ts";
import type { Channel, Sender } from "./channel.ts";
import { AblyError, assert } from "./error.ts";
import { type Draft, checkExtras, checkIds, checkSize } from "./message.ts";
import { type Message, MessageAction } from "./protocol.ts";

const { UPDATE, DELETE, APPEND } = MessageAction;
const CHANGES: unknown[] = [UPDATE, DELETE, APPEND];
const serialsOf = (messages: Message[]) => messages.map(({ serial = "" }) => serial);

export type Publisher = {
  readonly channel: Channel;
  readonly identity: Identity;
  readonly sender: Sender;
  readonly host: { readonly connections: ReadonlyMap<string, unknown> };
  /** Publishing works without attaching, but not against the modes of an attachment. */
  readonly attachment?: Attachment | undefined;
};

export function publishMessages(publisher: Publisher, drafts: Draft[]) {
  const { channel, sender, identity, attachment } = publisher;
  requireCapability(identity.capability, channel.name, "publish");
  attachment?.requireMode("PUBLISH", 40165);
  assert(!drafts.some(({ action }) => action), 40000, "A new message must not have an action.");
  for (const draft of drafts) checkExtras(draft, channel.app.settings);
  const messages = channel.publish(check(publisher, drafts), sender);
  return { messageId: messages[0]?.id, serials: serialsOf(messages) };
}

/** Returns the serial of the message's new version. Throws 40160, 40400 or 93002. */
export function changeMessage(publisher: Publisher, drafts: Draft[]): string {
  const { channel, sender, attachment } = publisher;
  const [draft] = drafts;
  attachment?.requireMode("PUBLISH", 40165);
  if (!draft || drafts.length > 1 || !CHANGES.includes(draft.action))
    throw new AblyError(40000, "A change must be one message: an update, a delete or an append.");
  requireOwnership(publisher, draft);
  checkExtras(draft, channel.app.settings);
  const clientId = clientIdOf(publisher, draft.operation);
  const change = { ...draft, operation: { ...draft.operation, clientId } };
  return channel.change(change, sender).version?.serial ?? "";
}

export function publishAnnotations(publisher: Publisher, drafts: AnnotationDraft[]): string[] {
  const { channel, sender, identity, attachment } = publisher;
  requireCapability(identity.capability, channel.name, "annotation-publish");
  attachment?.requireMode("ANNOTATION_PUBLISH", 40160);
  const checked = check(publisher, drafts);
  checked.forEach(checkAnnotation);
  return serialsOf(channel.annotate(checked, sender));
}

/** Presence has no serials. */
export function publishPresence(publisher: Publisher, drafts: Draft[]): string[] {
  const { channel, sender, identity, attachment } = publisher;
  assert(attachment, 91001, "Presence needs an attached channel. Attach first.");
  requireCapability(identity.capability, channel.name, "presence");
  attachment.requireMode("PRESENCE", 40165);
  const checked = check(publisher, drafts);
  const areNamed = checked.every(({ clientId }) => clientId !== undefined);
  assert(areNamed, 91000, "Presence needs a clientId. Connect with one.");
  channel.updatePresence(checked, sender);
  return [];
}

/** Fills the client ID in, and checks what is the same for everything that is published. */
function check<T extends Draft>(publisher: Publisher, drafts: T[]): T[] {
  const { channel, sender, host } = publisher;
  checkSize(drafts, channel.app.settings);
  checkIds(drafts);
  return drafts.map((draft) => {
    // The ID that another connection will use next: its message would be dropped as a repeat.
    const [prefix = ""] = draft.id?.split(":") ?? [];
    if (prefix !== sender.connectionId && host.connections.has(prefix))
      throw new AblyError(40031, "The id must not start with the ID of another connection.");
    return { ...draft, clientId: clientIdOf(publisher, draft) };
  });
}

/** The client ID of the credentials or, with a wildcard, any other. Throws 40012. */
function clientIdOf({ identity }: Publisher, { clientId }: { clientId?: string | undefined }) {
  const isAnyone = identity.clientId === "*";
  const claimed = clientId ?? (isAnyone ? undefined : identity.clientId);
  const isAllowed = isAnyone ? claimed !== "*" && claimed !== "" : claimed === identity.clientId;
  assert(isAllowed, 40012, `Publish with the clientId of the connection, not with ${claimed}.`);
  return claimed;
}

function requireOwnership({ channel, identity }: Publisher, { action, serial }: Draft): void {
  const { capability, clientId } = identity;
  const operation = action === DELETE ? "message-delete" : "message-update";
  if (permits(capability, channel.name, `${operation}-any`)) return;
  requireCapability(capability, channel.name, `${operation}-own`);
  const isOwn = clientId !== undefined && clientId === channel.find(serial).current.clientId;
  assert(isOwn, 40160, `Messages of another clientId need the capability ${operation}-any.`);
}
