/** The part of Ably's REST API that is covered. https://ably.com/docs/api/rest-api */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { App } from "./app.ts";
import { type Auth, type Credentials, type Identity, appIdOf, mergeIdentity } from "./auth.ts";
import { permits, requireCapability } from "./capability.ts";
import { type Channel, serialOf } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { AblyError, toAblyError } from "./error.ts";
import { CONTENT_TYPE, decode, encode, formatOf } from "./format.ts";
import { paginate } from "./pagination.ts";
import { Flag, type Message, parseMessages } from "./protocol.ts";
import { checkPublish, noMutableMessages } from "./publish.ts";

/** What REST needs of the server around it. */
type Host = {
  readonly auth: Auth;
  readonly serverId: string;
  app(id: string): App;
  findConnection(connectionKey: string): Connection | undefined;
};

type Call = {
  host: Host;
  method: string | undefined;
  headers: IncomingHttpHeaders;
  path: string;
  query: URLSearchParams;
  body: Buffer;
  /** The key or the channel that the path names. */
  name: string;
};
type Result = { status?: number; headers?: Record<string, string>; body: unknown };

/** Method, path, of which the first group is the name of a key or of a channel, and what answers. */
const ROUTES: [method: string, path: RegExp, answer: (call: Call) => Result][] = [
  ["GET", /^\/time$/, () => ({ body: [Date.now()] })],
  ["POST", /^\/keys\/([^/]+)\/requestToken$/, requestToken],
  ["GET", /^\/channels\/([^/]+)$/, getStatus],
  ["POST", /^\/channels\/([^/]*)\/messages$/, publish],
  ["GET", /^\/channels\/([^/]*)\/(?:messages|history)$/, (call) => getHistory(call, "messages")],
  ["GET", /^\/channels\/([^/]*)\/presence$/, getPresence],
  ["GET", /^\/channels\/([^/]*)\/presence\/history$/, (call) => getHistory(call, "presence")],
];

/** Updates, deletes, versions and annotations of a message. */
const ONE_MESSAGE = /^\/channels\/[^/]*\/messages\/./;

/** First path segments that belong to Ably: everything else on the page's origin is the page's. */
export const REST_PATHS =
  /^\/(time|keys|channels|comet|apps|stats|push|messages|presence|chat\/v\d+)(?=[/?]|$)/;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Link, Content-Length, Content-Type, X-Ably-ErrorCode, X-Ably-ErrorMessage, X-Ably-ServerId",
  "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE",
};

/** Never throws: what goes wrong is an answer too. */
export function answerRest(request: IncomingMessage, body: Buffer, host: Host) {
  const { method, headers } = request;
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://local-ably");
  const format = formatOf(query.get("format") ?? headers.accept);
  const common = {
    ...CORS,
    "content-type": CONTENT_TYPE[format],
    "cache-control": "no-store",
    "x-ably-serverid": host.serverId,
  };
  if (method === "OPTIONS") {
    const asked = headers["access-control-request-headers"] ?? "*";
    return { status: 204, headers: { ...CORS, "access-control-allow-headers": asked }, body: "" };
  }
  const result = route({ host, method, headers, path, query, body, name: "" });
  return {
    status: result.status ?? 200,
    headers: { ...common, ...result.headers },
    body: encode(result.body, format),
  };
}

function route(call: Call): Result {
  try {
    for (const [method, path, answer] of ROUTES) {
      const match = path.exec(call.path);
      if (match && method === call.method) {
        return answer({ ...call, name: decodeURIComponent(match[1] ?? "") });
      }
    }
    if (ONE_MESSAGE.test(call.path)) throw noMutableMessages();
    const asked = `${call.method} ${call.path}`;
    throw new AblyError(40400, 404, `Local Ably has no ${asked}: see local-ably/README.md.`);
  } catch (thrown) {
    const error = toAblyError(thrown);
    return {
      status: error.statusCode,
      headers: {
        "x-ably-errorcode": String(error.code),
        "x-ably-errormessage": error.message.replaceAll(/[^\x20-\x7e]/g, "?"),
      },
      body: { error: error.toJSON() },
    };
  }
}

function requestToken(call: Call): Result {
  const { auth } = call.host;
  return { status: 201, body: auth.requestToken(call.name, bodyOf(call), credentialsOf(call)) };
}

function publish(call: Call): Result {
  const { channel, identity, app } = open(call);
  const messages = parseMessages(bodyOf(call));
  const sender = senderOf(messages, call, identity);
  const { maxMessageSize } = app.settings;
  const checked = checkPublish(messages, channel.name, sender.identity, maxMessageSize);
  const id = randomBytes(9).toString("base64url");
  const { messages: published = [] } = channel.publish(checked, id, sender.connectionId);
  const serials = published.map(({ serial }) => serial);
  return { status: 201, body: { channel: channel.name, messageId: published[0]?.id, serials } };
}

/** A message with a connectionKey comes from that connection, and from its clientId. */
function senderOf(messages: Message[], { host }: Call, identity: Identity) {
  const key = messages.find(({ connectionKey }) => connectionKey)?.connectionKey;
  if (key === undefined) return { identity, connectionId: undefined };
  const connection = host.findConnection(key);
  const isOwn =
    connection?.identity.keyName === identity.keyName &&
    [connection.identity.clientId, "*"].includes(identity.clientId);
  if (!isOwn)
    throw new AblyError(40006, 400, "The connectionKey is none of a connection of yours.");
  const { clientId } = connection.identity;
  return { identity: { ...identity, clientId }, connectionId: connection.id };
}

function getHistory(call: Call, kind: "messages" | "presence"): Result {
  const { channel, identity } = open(call);
  requireCapability(identity.capability, channel.name, "history");
  const items = channel
    .entries()
    .flatMap(({ [kind]: bodies = [], serial, timestamp }) =>
      bodies.map((body, index) => ({ body, timestamp, serial: serialOf(serial, index) })),
    );
  return paginate(items, call.path, call.query);
}

/** To see who is there, either right will do. */
function getPresence(call: Call): Result {
  const { channel, identity } = open(call);
  if (!permits(identity.capability, channel.name, "presence")) {
    requireCapability(identity.capability, channel.name, "subscribe");
  }
  const { query } = call;
  const [clientId, connectionId] = [query.get("clientId"), query.get("connectionId")];
  const items = channel.members
    .list()
    .filter((member) => clientId === null || member.clientId === clientId)
    .filter((member) => connectionId === null || member.connectionId === connectionId)
    .map((body) => ({ body, timestamp: body.timestamp, serial: body.id }));
  return paginate(items, call.path, query);
}

function getStatus(call: Call): Result {
  const { channel, identity } = open(call);
  requireCapability(identity.capability, channel.name, "channel-metadata");
  return { body: describe(channel) };
}

/** https://ably.com/docs/api/rest-api#channel-details */
function describe({ name, subscribers, members }: Channel) {
  const attached = [...subscribers];
  const having = (mode: number) => attached.filter(({ modes }) => modes & mode).length;
  const metrics = {
    connections: attached.length,
    publishers: having(Flag.PUBLISH),
    subscribers: having(Flag.SUBSCRIBE),
    presenceConnections: having(Flag.PRESENCE),
    presenceMembers: members.size,
    presenceSubscribers: having(Flag.PRESENCE_SUBSCRIBE),
  };
  const isActive = attached.length > 0;
  return { channelId: name, name, status: { isActive, occupancy: { metrics } } };
}

function open(call: Call) {
  const claimed = fromBase64(String(call.headers["x-ably-clientid"] ?? ""));
  const identity = mergeIdentity(
    call.host.auth.identify(credentialsOf(call)),
    claimed || undefined,
  );
  const app = call.host.app(appIdOf(identity.keyName));
  return { identity, app, channel: app.channel(call.name) };
}

function bodyOf({ headers, body }: Call): unknown {
  return decode(body, formatOf(headers["content-type"]));
}

/** Basic and Bearer both carry base64; a JWT, which has dots and so is none, may come as it is. */
function credentialsOf({ headers, query }: Call): Credentials {
  const [, scheme, value = ""] = /^(basic|bearer) (.+)$/i.exec(headers.authorization ?? "") ?? [];
  if (!scheme) return readCredentials(query);
  const text = value.includes(".") ? value : fromBase64(value);
  return scheme.toLowerCase() === "basic" ? { key: text } : { token: text };
}

/** `?key=` or `?access_token=`, as sockets and some REST clients send them. */
export function readCredentials(query: URLSearchParams): Credentials {
  const token = query.get("access_token") ?? query.get("accessToken");
  return { key: query.get("key") ?? undefined, token: token ?? undefined };
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString();
}
