/** Ably's REST API. https://ably.com/docs/api/rest-api */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { parseAnnotations } from "./annotation.ts";
import { checkName } from "./app.ts";
import type { Credentials, Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import { latestOf, serialOf } from "./channel.ts";
import { Connection, type Host as ConnectionHost } from "./connection.ts";
import { AblyError, assert, toAblyError } from "./error.ts";
import type { Faults } from "./faults.ts";
import { CONTENT_TYPE, decode, encode, formatOf, isRecord } from "./format.ts";
import { parseMessages } from "./message.ts";
import { isOwnPage } from "./origin.ts";
import { type Item, paginate } from "./pagination.ts";
import { Flag, type Message } from "./protocol.ts";
import * as publisher from "./publisher.ts";
import { parseRevocation } from "./revocation.ts";

export type Host = ConnectionHost & { readonly faults: Faults };

type Call = {
  host: Host;
  request: IncomingMessage;
  path: string;
  query: URLSearchParams;
  /** The key, channel or fault in the path, and the message. */
  name: string;
  serial: string;
};
type OnChannel = Call & publisher.Publisher & { body: unknown };
type Result = { status?: number; headers?: Record<string, string>; body: unknown };

const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString();
const toItem = (message: Message): Item => ({ message, serial: message.serial ?? "" });
const toAnnotations = (call: OnChannel) => call.channel.find(call.serial).annotations.map(toItem);
const toHistory = ({ channel }: OnChannel) =>
  channel
    .created()
    .flatMap(({ messages = [] }) =>
      messages.map((message) => ({ ...toItem(message), read: () => channel.latestOf(message) })),
    );
const getMessage = ({ channel, serial }: OnChannel) => ({ body: latestOf(channel.find(serial)) });
const identify = (call: Call): Identity => call.host.auth.identify(credentialsOf(call));

/** Each `*` is one segment: the name, then the serial of a call. */
const ROUTES = {
  "GET /time": () => ({ body: [Date.now()] }),
  "POST /keys/*/requestToken": requestToken,
  "POST /keys/*/revokeTokens": revokeTokens,
  "POST /messages": batchPublish,
  "GET /presence": batchPresence,
  "GET /channels/*": onChannel("channel-metadata", getStatus),
  "POST /channels/*/messages": onChannel("publish", publish),
  "GET /channels/*/messages": list("history", toHistory),
  "GET /channels/*/history": list("history", toHistory),
  "GET /channels/*/presence": list("subscribe", toPresence),
  "GET /channels/*/presence/history": list("history", toPresenceHistory),
  "PATCH /channels/*/messages/*": onChannel("", change),
  "GET /channels/*/messages/*": onChannel("history", getMessage),
  "GET /channels/*/messages/*/versions": list("history", toVersions, "forwards"),
  "POST /channels/*/messages/*/annotations": onChannel("annotation-publish", annotate),
  "GET /channels/*/messages/*/annotations": list("history", toAnnotations, "forwards"),
};

/** The first path segments of Ably. All other paths belong to the page. */
export const REST_PATHS =
  /^\/(time|keys|channels|comet|apps|stats|push|messages|presence|chat\/v\d+|local-ably\/faults)(?=[/?]|$)/;

const EXPOSED = "Link, Content-Length, Content-Type, X-Ably-ErrorCode, X-Ably-ErrorMessage";
const MAX_ITEMS_PER_BATCH = 100;
const MAX_HEADER_LENGTH = 1_000;
/** In bytes. A token request needs no credentials. */
const MAX_TOKEN_REQUEST_SIZE = 65_536;

/** @param refusal Why the request is not answered, if it is not. */
export async function answerRest(request: IncomingMessage, host: Host, refusal?: AblyError) {
  const { headers } = request;
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://local-ably");
  const format = formatOf(query.get("format") ?? headers.accept);
  const call = { host, request, path, query, name: "", serial: "" };
  const result = refusal ? toResult(refusal) : await route(call).catch(toResult);
  const { status = 200, headers: own, body } = result;
  const common = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE",
    "access-control-expose-headers": EXPOSED,
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
  for (const [pattern, answer] of Object.entries(ROUTES)) {
    const match = methodAndPath.match(`^${pattern.replaceAll("*", "([^/]*)")}$`);
    if (!match) continue;
    const [, name = "", serial = ""] = match.map((segment) => decodeURIComponent(segment));
    return answer({ ...call, name, serial });
  }
  throw new AblyError(40400, `Local Ably has no ${methodAndPath}. See local-ably/README.md.`);
}

/**
 * Checks credentials and capability before the body is received, and opens the channel after: it
 * could be dropped while the body arrives.
 * @param operation What the capability must allow. Empty: the answer checks it.
 */
function onChannel<R>(operation: string, answer: (call: OnChannel) => R) {
  return async (call: Call): Promise<Awaited<R>> => {
    const identity = identify(call);
    requireAccess(identity, call.name, operation);
    const body = call.request.method === "GET" ? undefined : await readBody(call);
    return await answer({ ...open(call, identity, call.name), body });
  };
}

function requireAccess({ capability }: Identity, name: string, operation: string): void {
  checkName(name);
  if (operation) requireCapability(capability, name, operation);
}

function open(call: Call, identity: Identity, name: string) {
  const channel = identity.app.channel(name, identity);
  const sender = { id: randomBytes(9).toString("base64url"), connectionId: undefined };
  return { ...call, identity, channel, sender };
}

function list(operation: string, toItems: (call: OnChannel) => Item[], order?: string) {
  return onChannel(operation, (call) => paginate(toItems(call), call.path, call.query, order));
}

async function requestToken(call: Call): Promise<Result> {
  const { auth } = call.host;
  const key = auth.findKey(call.name);
  const body = await readBody(call, MAX_TOKEN_REQUEST_SIZE);
  return { status: 201, body: auth.requestToken(key, body, credentialsOf(call)) };
}

async function revokeTokens(call: Call): Promise<Result> {
  const { auth, connections, settings } = call.host;
  const { revocations } = auth.findRevocable(call.name, credentialsOf(call));
  const { targets, when } = parseRevocation(await readBody(call, MAX_TOKEN_REQUEST_SIZE));
  const add = (target: string) => revocations.add(target, when, settings.maxRevocations);
  const result = runEach(targets, add, "target");
  for (const connection of connections.values()) connection.watchToken();
  return isVersion2(call) ? toFlatResult([result]) : { status: 201, body: result };
}

function runFault({ host: { faults }, request, name, query }: Call): Result {
  const isAllowed = request.method === "POST" && isOwnPage(request);
  assert(isAllowed, 40300, "Only a page of this origin, opened on this machine, can use faults.");
  assert(Object.hasOwn(faults, name), 40400, `There is no fault ${name}.`);
  const fault: (argument: string) => unknown = faults[name as keyof Faults];
  const [argument = ""] = query.values();
  return { body: fault(argument) ?? null };
}

function publish(call: OnChannel): Result {
  const drafts = parseMessages(call.body, call.host.settings);
  const key = drafts.find(({ connectionKey }) => connectionKey)?.connectionKey;
  const published = publisher.publishMessages(key ? asConnection(call, key) : call, drafts);
  return { status: 201, body: { channel: call.name, ...published } };
}

/** A message with a connectionKey comes from that connection, and from its client ID. */
function asConnection(call: OnChannel, key: string): OnChannel {
  const { keyName, clientId } = call.identity;
  const found = Connection.find(call.host, key);
  const isOwn =
    found?.identity.keyName === keyName && [found.identity.clientId, "*"].includes(clientId);
  assert(isOwn, 40006, "The connectionKey is not of a connection of this key and clientId.");
  return { ...call, identity: found.identity, sender: { ...call.sender, connectionId: found.id } };
}

function change(call: OnChannel): Result {
  const drafts = parseMessages(call.body, call.host.settings);
  const named = drafts.map((draft) => ({ ...draft, serial: call.serial }));
  return { body: { versionSerial: publisher.changeMessage(call, named) } };
}

function annotate(call: OnChannel): Result {
  const drafts = parseAnnotations(call.body, call.host.settings, call.serial);
  const [serial] = publisher.publishAnnotations(call, drafts);
  return { status: 201, body: { channel: call.name, serial } };
}

function toVersions({ channel, serial: created }: OnChannel): Item[] {
  const { versions } = channel.find(created);
  return versions.map((message) => ({ message, serial: message.version?.serial ?? created }));
}

function toPresenceHistory({ channel }: OnChannel): Item[] {
  return channel.recent().flatMap(({ presence = [], channelSerial }) => {
    return presence.map((message, index) => ({ message, serial: serialOf(channelSerial, index) }));
  });
}

function toPresence({ channel, query }: OnChannel): Item[] {
  return [...channel.members.values()]
    .filter(({ clientId }) => (query.get("clientId") ?? clientId) === clientId)
    .filter(({ connectionId }) => (query.get("connectionId") ?? connectionId) === connectionId)
    .map((message) => ({ message, serial: `${message.clientId}:${message.connectionId}` }))
    .toSorted((a, b) => (a.serial < b.serial ? -1 : 1));
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

/** `POST /messages` with one `{ channels, messages }`, or an array of them. */
async function batchPublish(call: Call): Promise<Result> {
  const identity = identify(call);
  const body = await readBody(call);
  const specs = [body].flat().map((spec) => {
    assert(isRecord(spec), 40000, "A batch consists of { channels, messages } objects.");
    const channels = new Set([spec.channels].flat());
    return { channels: [...channels], drafts: parseMessages(spec.messages, call.host.settings) };
  });
  const { maxMessagesPerPublish: max } = call.host.settings;
  const counts = specs.map(({ channels, drafts }) => channels.length * drafts.length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert(total <= max, 40000, `A batch may publish at most ${max} messages in all its channels.`);
  const results = specs.map(({ channels, drafts }) =>
    runEach(channels, (name) => {
      requireAccess(identity, name, "publish");
      return publisher.publishMessages(open(call, identity, name), drafts);
    }),
  );
  if (isVersion2(call)) return { status: 201, ...toFlatResult(results) };
  return { status: 201, body: Array.isArray(body) ? results : results[0] };
}

/** `GET /presence?channels=a,b` */
function batchPresence(call: Call): Result {
  const identity = identify(call);
  const names = (call.query.get("channels") ?? "").split(",");
  const body = runEach(names, (name) => {
    requireAccess(identity, name, "subscribe");
    const { channel } = open(call, identity, name);
    return { presence: [...channel.members.values()] };
  });
  return isVersion2(call) ? toFlatResult([body]) : { body };
}

const isVersion2 = ({ request }: Call) => Number(request.headers["x-ably-version"]) <= 2;

/** Later versions count successes and failures. https://ably.com/docs/api/rest-api#batch */
function toFlatResult(batches: ReturnType<typeof runEach>[]): Result {
  const batchResponse = batches.flatMap(({ results }) => results);
  const isComplete = batches.every(({ failureCount }) => failureCount === 0);
  if (isComplete) return { body: batchResponse };
  const failure = toResult(new AblyError(40020, "Some items of the batch failed.", 400));
  return { ...failure, body: { ...failure.body, batchResponse } };
}

/** Runs each channel or target by itself, so that one can fail and the others succeed. */
function runEach(names: unknown[], run: (name: string) => object, what = "channel") {
  const max = MAX_ITEMS_PER_BATCH;
  assert(names.length <= max, 40000, `A batch may name at most ${max} ${what}s.`);
  const results = names.map((name) => {
    try {
      assert(typeof name === "string", 40010, `A ${what} must be a string.`);
      return { [what]: name, ...run(name) };
    } catch (thrown) {
      return { [what]: name, error: toAblyError(thrown) };
    }
  });
  const failureCount = results.filter((result) => "error" in result).length;
  return { successCount: results.length - failureCount, failureCount, results };
}

function toResult(thrown: unknown) {
  const error = toAblyError(thrown);
  const message = error.message.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, MAX_HEADER_LENGTH);
  const headers = { "x-ably-errorcode": String(error.code), "x-ably-errormessage": message };
  return { status: error.statusCode, headers, body: { error } };
}

/** Receives the request body, and decodes it. Call it only when the caller is authorized. */
async function readBody(
  { request, host: { network, settings } }: Call,
  maxSize = settings.maxFrameSize,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      network.bytesBeingReceived += chunk.length;
      assert(size <= maxSize, 40009, `The body exceeds ${maxSize} bytes.`, 413);
      const hasRoom = network.bytesBeingReceived <= settings.maxBytesBeingReceived;
      assert(hasRoom, 50003, "Local Ably is receiving too many bodies. Try again later.");
      chunks.push(chunk);
    }
  } finally {
    network.bytesBeingReceived -= size;
  }
  return decode(Buffer.concat(chunks), formatOf(request.headers["content-type"]), "The body");
}

/** Basic and Bearer carry base64. A JWT may also come as it is. */
function credentialsOf({ request: { headers }, query }: Call): Credentials {
  const [, scheme, value = ""] = /^(basic|bearer) (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const clientId = fromBase64(String(headers["x-ably-clientid"] ?? "")) || undefined;
  if (!scheme) return { ...readCredentials(query), clientId };
  const text = value.includes(".") ? value : fromBase64(value);
  return { [scheme.toLowerCase() === "basic" ? "key" : "token"]: text, clientId };
}

/** The credentials of sockets and of some REST clients. */
export function readCredentials(query: URLSearchParams): Credentials {
  const { key, access_token, accessToken, clientId } = Object.fromEntries(query);
  return { key, token: access_token ?? accessToken, clientId };
}
