/**
 * KEPT. The names that the page and the functions share: channels, and the client IDs of servers.
 * And what an app's own contract is: see src/app.ts. It imports nothing, because the token function
 * uses it too.
 */

/** What Valibot, Zod, ArkType and others have in common. https://standardschema.dev */
export type Schema<Output = unknown> = {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly output: Output } | undefined;
  };
};

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly unknown[] };

/** A schema, or a schema of a message that only your own functions may send. */
type MessageType = Schema | { schema: Schema; from: "server" };

export type Contract = {
  /** Message name → what it carries. */
  messages: Record<string, MessageType>;
  /** What a member shows to everyone in the room. */
  profile: Schema;
};

type OutputOf<Type> = Type extends Schema<infer Value> ? Value : never;
type SchemaOf<Type> = Type extends { schema: infer Inner } ? Inner : Type;

export type MessageName<C extends Contract> = keyof C["messages"] & string;
export type Data<C extends Contract, Name extends MessageName<C>> = OutputOf<
  SchemaOf<C["messages"][Name]>
>;
export type Profile<C extends Contract> = OutputOf<C["profile"]>;

/** A message by its name, so that `if (content.name === …)` also narrows `content.data`. */
export type Content<C extends Contract> = {
  [Name in MessageName<C>]: { name: Name; data: Data<C, Name> };
}[MessageName<C>];

/** Anyone with a token can publish anything. Returns undefined for what the contract does not allow. */
export function parseMessage<C extends Contract>(
  contract: C,
  name: unknown,
  data: unknown,
  clientId: string,
): Content<C> | undefined {
  const type = typeOf(contract, name);
  if (!type || isForged(contract, name, clientId)) return undefined;
  const result = validate(isFromServer(type) ? type.schema : type, data);
  return result && ({ name, data: result.value } as Content<C>);
}

/** Returns undefined for what the contract does not allow, else what its schema leaves of it. */
export function parseProfile<C extends Contract>(contract: C, data: unknown) {
  return validate(contract.profile, data)?.value as Profile<C> | undefined;
}

/** Returns true for a message that claims to be from a server and is not. Do not show it. */
export function isForged(contract: Contract, name: unknown, clientId: string): boolean {
  const type = typeOf(contract, name);
  return type !== undefined && isFromServer(type) && !isServer(clientId);
}

function typeOf({ messages }: Contract, name: unknown): MessageType | undefined {
  return typeof name === "string" && Object.hasOwn(messages, name) ? messages[name] : undefined;
}

function isFromServer(type: MessageType): type is { schema: Schema; from: "server" } {
  // A schema may have a method "from".
  return !("~standard" in type);
}

/** @throws TypeError if the schema is asynchronous: messages could then change their order. */
function validate(schema: Schema, value: unknown): { value: unknown } | undefined {
  let result;
  try {
    result = schema["~standard"].validate(value);
  } catch {
    // What it computes from a stranger's value may throw.
    return undefined;
  }
  if (result instanceof Promise) throw new TypeError("Schemas must be synchronous.");
  return result.issues ? undefined : result;
}

/** The client ID that a function of yours publishes with, unless it names its own: `server:NAME`. */
export const SERVER = "server";

/**
 * Client IDs that only your own functions may use: the token function never signs for them, so a
 * message from one is from your code. Ably checks the client ID of every message.
 */
export function isServer(clientId: string): boolean {
  return clientId === SERVER || clientId.startsWith(`${SERVER}:`);
}

/** JSON would make something else of it. */
export function isBinary(data: unknown): boolean {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

/** Returns true for a client ID or a name that people could take for a server's. */
export function looksLikeServer(text: string): boolean {
  return isServer(withoutInvisible(text.normalize("NFKC")).trim().toLowerCase());
}

/** What nobody can see (DI: "default ignorable"), though some of it counts as letters: for a RegExp. */
export const INVISIBLE = "\\p{DI}\\u2800\\u{1d159}";

export function withoutInvisible(text: string): string {
  return text.replace(new RegExp(`[${INVISIBLE}]`, "gu"), "");
}

/**
 * Production's channels are `room:NAME`. Deploy previews, branch deploys and `netlify dev` with a
 * key share `room-preview:NAME`, so that a preview's visitors never meet production's. A function
 * gets its deploy context from Netlify, the page from the build.
 */
export function channelName(room: string, deployContext = pageDeployContext()): string {
  return `${isProduction(deployContext) ? "room" : "room-preview"}:${room}`;
}

/** Returns true also if Netlify has named no deploy context. */
export function isProduction(
  deployContext: string | undefined,
): deployContext is "production" | "" | undefined {
  return !deployContext || deployContext === "production";
}

/** Returns Netlify's deploy context of this page, or undefined outside of Vite, where none is set. */
export function pageDeployContext(): string | undefined {
  return typeof __DEPLOY_CONTEXT__ === "undefined" ? undefined : __DEPLOY_CONTEXT__;
}

/**
 * Returns a room's name in its one spelling, in lower case, or undefined for a name that rooms here
 * may not have. They have 1 to 64 letters, digits, spaces and . _ -, of which the first is a letter
 * or a digit.
 */
export function parseRoomName(name: string): string | undefined {
  const room = name.trim().toLowerCase().normalize();
  return /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,63}$/u.test(room) ? room : undefined;
}
