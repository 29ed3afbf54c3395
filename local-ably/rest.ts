/** Ably's REST API. https://ably.com/docs/api/rest-api */
import type { IncomingMessage } from "node:http";
import { parseAnnotations } from "./annotation.ts";
import { batchPresence, batchPublish } from "./batch.ts";
import { requireCapability } from "./capability.ts";
import { latestOf, serialOf } from "./channel.ts";
import { Connection } from "./connection.ts";
import { AblyError, assert } from "./error.ts";
import { CONTENT_TYPE, encode, formatOf } from "./format.ts";
import { parseMessages } from "./message.ts";
import { isOwnPage } from "./origin.ts";
import { paginate } from "./pagination.ts";
import { Flag, type Message } from "./protocol.ts";
import { changeMessage, publishAnnotations, publishMessages, requireMutable } from "./publisher.ts";
import type { Call, Host, OnChannel, Result } from "./request.ts";
import { credentialsOf, identify, publisherOf, readBody, toResult } from "./request.ts";

type Answer<In> = (call: In) => Result | Promise<Result>;

/** Each `*` is one segment: the name, then the serial of a call. */
const ROUTES: [methodAndPath: string, answer: Answer<Call>][] = [
  ["GET /time", () => ({ body: [Date.now()] })],
  ["POST /keys/*/requestToken", requestToken],
  ["POST /messages", batchPublish],
  ["GET /presence", batchPresence],
  ["GET /channels/*", onChannel("channel-metadata", getStatus)],
  ["POST /channels/*/messages", onChannel("publish", publish)],
  ["GET /channels/*/messages", onChannel("history", getHistory)],
  ["GET /channels/*/history", onChannel("history", getHistory)],
  ["GET /channels/*/presence", onChannel("subscribe", getPresence)],
  ["GET /channels/*/presence/history", onChannel("history", getPresenceHistory)],
  ["PATCH /channels/*/messages/*", onChannel(undefined, change)],
  ["GET /channels/*/messages/*", onChannel("history", getMessage)],
  ["GET /channels/*/messages/*/versions", onChannel("history", getVersions)],
  ["POST /channels/*/messages/*/annotations", onChannel("annotation-publish", annotate)],
  ["GET /channels/*/messages/*/annotations", onChannel("history", getAnnotations)],
];

/** The first path segments of Ably. All other paths belong to the page. */
export const REST_PATHS =
  /^\/(time|keys|channels|comet|apps|stats|push|messages|presence|chat\/v\d+|local-ably\/faults)(?=[/?]|$)/;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Link, Content-Length, Content-Type, X-Ably-ErrorCode, X-Ably-ErrorMessage",
  "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE",
};

export async function answerRest(request: IncomingMessage, host: Host) {
  const { headers } = request;
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://local-ably");
  const format = formatOf(query.get("format") ?? headers.accept);
  const result = await route({ host, request, path, query, name: "", serial: "" }).catch(toResult);
  const { status = 200, headers: own, body } = result;
  const common = {
    ...CORS,
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
    "content-type": CONTENT_TYPE[format],
    "cache-control": "no-store",
  };
  return { status, headers: { ...common, ...own }, body: encode(body, format) };
}

async function route(call: Call): Promise<Result> {
  const methodAndPath = `${call.request.method} ${call.path}`;
  if (call.request.method === "OPTIONS") return { status: 204, body: "" };
  // Netlify's CLI retries a refused path with endings of its own, such as `.html`.
  const [, fault] = /^\/local-ably\/faults\/(\w+)/.exec(call.path) ?? [];
  if (fault) return runFault({ ...call, name: fault });
  const segments = methodAndPath.split("/");
  for (const [pattern, answer] of ROUTES) {
    const expected = pattern.split("/");
    const isMatch = expected.every((part, index) => part === "*" || part === segments[index]);
    if (!isMatch || expected.length !== segments.length) continue;
    const own = segments.filter((_segment, index) => expected[index] === "*");
    const [name = "", serial = ""] = own.map((segment) => decodeURIComponent(segment));
    return answer({ ...call, name, serial });
  }
  throw new AblyError(40400, `Local Ably has no ${methodAndPath}. See local-ably/README.md.`);
}

/** Checks credentials, capability and channel name before the body is received. */
function onChannel(operation: string | undefined, answer: Answer<OnChannel>): Answer<Call> {
  return (call) => {
    const identity = identify(call);
    const channel = call.host.appOf(identity).channel(call.name);
    if (operation) requireCapability(identity.capability, channel.name, operation);
    return answer({ ...call, identity, channel });
  };
}

async function requestToken(call: Call): Promise<Result> {
  const { auth } = call.host;
  auth.findKey(call.name);
  const body = await readBody(call);
  const credentials = credentialsOf(call.request, call.query);
  return { status: 201, body: auth.requestToken(call.name, body, credentials) };
}

function runFault({ host: { faults }, request, name, query }: Call): Result {
  const isAllowed = request.method === "POST" && isOwnPage(request);
  assert(isAllowed, 40300, "Only a page of this origin, opened on this machine, can use faults.");
  assert(Object.hasOwn(faults.byName, name), 40400, `There is no fault ${name}.`);
  const fault: (argument: string) => unknown = faults.byName[name as keyof typeof faults.byName];
  const [argument = ""] = query.values();
  return { body: fault(argument) ?? null };
}

async function publish(call: OnChannel): Promise<Result> {
  const drafts = parseMessages(await readBody(call), call.channel.settings);
  const key = drafts.find(({ connectionKey }) => connectionKey)?.connectionKey;
  const { id, identity } = key ? findOwnConnection(key, call) : { ...call, id: undefined };
  const messages = publishMessages(publisherOf({ ...call, identity }, id), drafts);
  const serials = messages.map(({ serial }) => serial);
  return { status: 201, body: { channel: call.name, messageId: messages[0]?.id, serials } };
}

/** A message with a connectionKey comes from that connection, and from its client ID. */
function findOwnConnection(key: string, { host, identity: { keyName, clientId } }: OnChannel) {
  const found = Connection.find(host, key);
  const isOwn = found && [found.identity.clientId, "*"].includes(clientId);
  if (isOwn && found.identity.keyName === keyName) return found;
  throw new AblyError(40006, "The connectionKey is not of a connection of this key and clientId.");
}

async function change(call: OnChannel): Promise<Result> {
  const drafts = parseMessages(await readBody(call), call.channel.settings);
  const named = drafts.map((draft) => ({ ...draft, serial: call.serial }));
  const { version } = changeMessage(publisherOf(call), named);
  return { body: { versionSerial: version?.serial } };
}

async function annotate(call: OnChannel): Promise<Result> {
  const drafts = parseAnnotations(await readBody(call), call.channel.settings, call.serial);
  const [first] = publishAnnotations(publisherOf(call), drafts);
  return { status: 201, body: { channel: call.name, serial: first?.serial } };
}

function getMessage({ channel, serial }: OnChannel): Result {
  requireMutable(channel.settings);
  return { body: latestOf(channel.find(serial)) };
}

function getVersions({ channel, serial: created, path, query }: OnChannel): Result {
  requireMutable(channel.settings);
  const { versions } = channel.find(created);
  const toItem = (message: Message) => ({ message, serial: message.version?.serial ?? created });
  return paginate(versions.map(toItem), path, query, "forwards");
}

function getAnnotations({ channel, serial, path, query }: OnChannel): Result {
  requireMutable(channel.settings);
  const { annotations } = channel.find(serial);
  const items = annotations.map((message) => ({ message, serial: message.serial ?? "" }));
  return paginate(items, path, query, "forwards");
}

function getHistory({ channel, path, query }: OnChannel): Result {
  const messages = channel.latest().flatMap((entry) => entry.messages ?? []);
  const items = messages.map((message) => ({ message, serial: message.serial ?? "" }));
  return paginate(items, path, query);
}

function getPresenceHistory({ channel, path, query }: OnChannel): Result {
  const items = channel.recent().flatMap(({ presence = [], channelSerial }) => {
    return presence.map((message, index) => ({ message, serial: serialOf(channelSerial, index) }));
  });
  return paginate(items, path, query);
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
