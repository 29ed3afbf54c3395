/** The part of Ably's REST API that is covered. https://ably.com/docs/api/rest-api */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Credentials, Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import { type Channel, serialOf } from "./channel.ts";
import { Connection, type Host as ConnectionHost } from "./connection.ts";
import { AblyError, check, toAblyError } from "./error.ts";
import type { Faults } from "./faults.ts";
import { CONTENT_TYPE, decode, encode, formatOf } from "./format.ts";
import { checkPublish, parseMessages, refuseMutableMessages } from "./message.ts";
import { isOwnPage } from "./origin.ts";
import { paginate } from "./pagination.ts";
import { Flag } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What REST needs of the server around it. */
type Host = ConnectionHost & { readonly faults: Faults; readonly settings: Settings };

type Call = {
  host: Host;
  request: IncomingMessage;
  path: string;
  query: URLSearchParams;
  body: Buffer;
  /** The key, the channel or the fault that the path names. */
  name: string;
};
type OnChannel = Call & { identity: Identity; channel: Channel };
type Result = { status?: number; headers?: Record<string, string>; body: unknown };

const ROUTES: [methodAndPath: RegExp, answer: (call: Call) => Result][] = [
  [/^OPTIONS /, () => ({ status: 204, body: "" })],
  [/^GET \/time$/, () => ({ body: [Date.now()] })],
  [/^POST \/keys\/([^/]+)\/requestToken$/, requestToken],
  [/^GET \/channels\/([^/]+)$/, onChannel("channel-metadata", getStatus)],
  [/^POST \/channels\/([^/]*)\/messages$/, onChannel("publish", publish)],
  [/^GET \/channels\/([^/]*)\/(?:messages|history)$/, onChannel("history", getHistory)],
  [/^GET \/channels\/([^/]*)\/presence$/, onChannel("subscribe", getPresence)],
  [/^GET \/channels\/([^/]*)\/presence\/history$/, onChannel("history", getHistory)],
  [/^\w+ \/channels\/[^/]*\/messages\/./, refuseMutableMessages],
  // Netlify's CLI asks for a refused address again with endings of its own.
  [/^\w+ \/local-ably\/faults\/(\w+)/, runFault],
];

/** First path segments that are answered here: all else on the page's origin is the page's. */
export const REST_PATHS =
  /^\/(time|keys|channels|comet|apps|stats|push|messages|presence|chat\/v\d+|local-ably\/faults)(?=[/?]|$)/;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Link, Content-Length, Content-Type, X-Ably-ErrorCode, X-Ably-ErrorMessage",
  "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE",
};

/** What goes wrong is an answer too. */
export async function answerRest(request: IncomingMessage, host: Host) {
  const { headers } = request;
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://local-ably");
  const format = formatOf(query.get("format") ?? headers.accept);
  const call = { host, request, path, query };
  const { status = 200, headers: own, body } = await route(call).catch(refusal);
  const common = {
    ...CORS,
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
    "content-type": CONTENT_TYPE[format],
    "cache-control": "no-store",
  };
  return { status, headers: { ...common, ...own }, body: encode(body, format) };
}

async function route(call: Omit<Call, "name" | "body">): Promise<Result> {
  const asked = `${call.request.method} ${call.path}`;
  const body = await readBody(call.request, call.host.settings.maxFrameSize);
  for (const [pattern, answer] of ROUTES) {
    const match = pattern.exec(asked);
    if (match) return answer({ ...call, body, name: decodeURIComponent(match[1] ?? "") });
  }
  throw new AblyError(40400, `Local Ably has no ${asked}: see local-ably/README.md.`);
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    check(size <= limit, 40009, `The body has more than the ${limit} bytes that may pass.`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal(thrown: unknown): Result {
  const error = toAblyError(thrown);
  const headers = {
    "x-ably-errorcode": String(error.code),
    "x-ably-errormessage": error.message.replaceAll(/[^\x20-\x7e]/g, "?"),
  };
  return { status: error.statusCode, headers, body: { error } };
}

function requestToken(call: Call): Result {
  const { auth } = call.host;
  return { status: 201, body: auth.requestToken(call.name, bodyOf(call), credentialsOf(call)) };
}

/** For this page's practice drawer, and for nobody else. */
function runFault({ host: { faults }, request, name, query }: Call): Result {
  const isAllowed = request.method === "POST" && isOwnPage(request);
  check(isAllowed, 40300, "Faults are for pages of this origin, opened on this machine.");
  check(Object.hasOwn(faults.byName, name), 40400, `There is no fault ${JSON.stringify(name)}.`);
  const fault: (argument: string) => unknown = faults.byName[name as keyof typeof faults.byName];
  const [argument = ""] = query.values();
  return { body: fault(argument) ?? null };
}

/** What an answer about a channel needs, and the operation that it takes. */
function onChannel(operation: string, answer: (call: OnChannel) => Result) {
  return (call: Call) => {
    const identity = call.host.auth.identify(credentialsOf(call));
    const channel = identity.app.channel(call.name);
    requireCapability(identity.capability, channel.name, operation);
    return answer({ ...call, identity, channel });
  };
}

function publish(call: OnChannel): Result {
  const { channel, host, identity } = call;
  const drafts = parseMessages(bodyOf(call));
  const key = drafts.find(({ connectionKey }) => connectionKey)?.connectionKey;
  const sender = key ? findOwnConnection(key, call) : { identity, id: undefined };
  const checked = checkPublish(drafts, sender.identity.clientId, host.settings.maxMessageSize);
  const messages = channel.publish(checked, randomBytes(9).toString("base64url"), sender.id);
  const serials = messages.map(({ serial }) => serial);
  return { status: 201, body: { channel: channel.name, messageId: messages[0]?.id, serials } };
}

/** A message with a connectionKey comes from that connection, and from its clientId. */
function findOwnConnection(key: string, { host, identity: { keyName, clientId } }: OnChannel) {
  const connection = Connection.find(host, key);
  const isOwn =
    connection?.identity.keyName === keyName &&
    [connection.identity.clientId, "*"].includes(clientId);
  check(isOwn, 40006, "The connectionKey is none of a connection of yours.");
  return connection;
}

function getHistory(call: OnChannel): Result {
  const kind = call.path.endsWith("/presence/history") ? "presence" : "messages";
  const items = call.channel.entries().flatMap(({ [kind]: messages = [], channelSerial }) => {
    return messages.map((message, index) => ({ message, serial: serialOf(channelSerial, index) }));
  });
  return paginate(items, call.path, call.query);
}

function getPresence({ channel, path, query }: OnChannel): Result {
  const [clientId, connectionId] = [query.get("clientId"), query.get("connectionId")];
  const items = channel.members
    .list()
    .filter((member) => clientId === null || member.clientId === clientId)
    .filter((member) => connectionId === null || member.connectionId === connectionId)
    .map((message) => ({ message, serial: `${message.clientId}:${message.connectionId}` }))
    .toSorted((a, b) => (a.serial < b.serial ? -1 : 1));
  return paginate(items, path, query);
}

/** https://ably.com/docs/api/rest-api#channel-details */
function getStatus({ channel: { name, subscribers, members } }: OnChannel): Result {
  const attached = [...subscribers.values()];
  const having = (mode: number) => attached.filter(({ modes }) => modes & mode).length;
  const metrics = {
    connections: attached.length,
    publishers: having(Flag.PUBLISH),
    subscribers: having(Flag.SUBSCRIBE),
    presenceConnections: having(Flag.PRESENCE),
    presenceMembers: members.size,
    presenceSubscribers: having(Flag.PRESENCE_SUBSCRIBE),
  };
  const status = { isActive: attached.length > 0, occupancy: { metrics } };
  return { body: { channelId: name, name, status } };
}

function bodyOf({ request, body }: Call): unknown {
  return decode(body, formatOf(request.headers["content-type"]));
}

/** Basic and Bearer both carry base64; a JWT, which has dots and so is none, may come as it is. */
function credentialsOf({ request: { headers }, query }: Call): Credentials {
  const [, scheme, value = ""] = /^(basic|bearer) (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const clientId = fromBase64(String(headers["x-ably-clientid"] ?? "")) || undefined;
  if (!scheme) return { ...readCredentials(query), clientId };
  const text = value.includes(".") ? value : fromBase64(value);
  return { [scheme.toLowerCase() === "basic" ? "key" : "token"]: text, clientId };
}

/** As sockets and some REST clients send them. */
export function readCredentials(query: URLSearchParams): Credentials {
  const { key, access_token, accessToken, clientId } = Object.fromEntries(query);
  return { key, token: access_token ?? accessToken, clientId };
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString();
}
