/** The part of Ably's REST API that is covered. https://ably.com/docs/api/rest-api */
import { randomBytes } from "node:crypto";
import type { App } from "./app.ts";
import type { Auth, Credentials, Identity } from "./auth.ts";
import { permits } from "./capability.ts";
import type { Channel } from "./channel.ts";
import { type Connection, mergeIdentity, readConnectionKey } from "./connection.ts";
import { AblyError, toAblyError } from "./error.ts";
import { CONTENT_TYPE, type Format, decode, encode } from "./format.ts";
import { paginate } from "./pagination.ts";
import { Flag, type Message, type PresenceMessage, isRecord, parseMessages } from "./protocol.ts";
import { checkPublish, requireCapability } from "./publish.ts";

export type RestRequest = {
  method: string;
  /** Path and query, as in the request line. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
};

export type RestResponse = {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
};

/** What REST needs of the server around it. */
export type RestContext = {
  auth: Auth;
  serverId: string;
  app(id: string): App;
  connection(id: string): Connection | undefined;
};

/** First path segments that belong to Ably: everything else on the page's origin is the page's. */
export const REST_PATHS = [
  "time",
  "keys",
  "channels",
  "comet",
  "apps",
  "stats",
  "push",
  "messages",
];

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Link, Content-Length, Content-Type, X-Ably-ErrorCode, X-Ably-ErrorMessage, X-Ably-ServerId",
};

type Result = { status?: number; headers?: Record<string, string>; body: unknown };

/** A request that is understood so far: who it is from is asked of it when it matters. */
class Call {
  readonly method: string;
  readonly path: string[];
  readonly query: URLSearchParams;
  readonly #request: RestRequest;

  constructor(request: RestRequest) {
    const { pathname, searchParams } = new URL(request.url, "http://local-ably");
    this.method = request.method;
    this.path = pathname.split("/").slice(1).map(decodeSegment);
    this.query = searchParams;
    this.#request = request;
  }

  header(name: string): string {
    return String(this.#request.headers[name] ?? "");
  }

  get format(): Format {
    const asked = this.query.get("format") ?? this.header("accept");
    return asked.includes("msgpack") ? "msgpack" : "json";
  }

  get body(): unknown {
    const format = this.header("content-type").includes("msgpack") ? "msgpack" : "json";
    return decode(this.#request.body, format);
  }

  /** Basic and Bearer both carry base64; a JWT, which has dots and so is none, may come as it is. */
  get credentials(): Credentials {
    const [scheme = "", value = ""] = this.header("authorization").split(" ");
    const text = value.includes(".") ? value : Buffer.from(value, "base64").toString("utf8");
    switch (scheme.toLowerCase()) {
      case "basic":
        return { key: text };
      case "bearer":
        return { token: text };
      default:
        return readCredentials(this.query);
    }
  }
}

/** `?key=` or `?access_token=`, as sockets and some REST clients send them. */
export function readCredentials(query: URLSearchParams): Credentials {
  const token = query.get("access_token") ?? query.get("accessToken");
  return { key: query.get("key") ?? undefined, token: token ?? undefined };
}

export function answerRest(request: RestRequest, context: RestContext): RestResponse {
  const call = new Call(request);
  const common = { ...CORS, "x-ably-serverid": context.serverId, "cache-control": "no-store" };
  if (call.method === "OPTIONS") {
    const headers = {
      ...common,
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": call.header("access-control-request-headers") || "*",
    };
    return { status: 204, headers, body: "" };
  }
  const { format } = call;
  const { status = 200, headers, body } = route(call, context);
  return {
    status,
    headers: { ...common, "content-type": CONTENT_TYPE[format], ...headers },
    body: encode(body, format),
  };
}

function route(call: Call, context: RestContext): Result {
  try {
    return find(call)(call, context);
  } catch (thrown) {
    const error = toAblyError(thrown);
    return {
      status: error.statusCode,
      headers: {
        "x-ably-errorcode": String(error.code),
        "x-ably-errormessage": encodeURI(error.message),
      },
      body: { error: error.toJSON() },
    };
  }
}

type Handler = (call: Call, context: RestContext) => Result;

function find({ method, path }: Call): Handler {
  const [root, , ...rest] = path;
  switch ([method, root, path.length > 1 ? "…" : "", ...rest].filter(Boolean).join(" ")) {
    case "GET time":
      return () => ({ body: [Date.now()] });
    case "POST keys … requestToken":
      return requestToken;
    case "GET channels …":
      return getStatus;
    case "POST channels … messages":
      return publish;
    case "GET channels … messages":
    case "GET channels … history":
      return getMessages;
    case "GET channels … presence":
      return getPresence;
    case "GET channels … presence history":
      return getPresenceHistory;
    default:
      throw new AblyError(
        40400,
        404,
        `Local Ably does not cover ${method} /${path.join("/")}; see local-ably/README.md.`,
      );
  }
}

function requestToken(call: Call, { auth }: RestContext): Result {
  const { credentials } = call;
  return { status: 201, body: auth.requestToken(call.path[1] ?? "", call.body, credentials) };
}

function publish(call: Call, context: RestContext): Result {
  const { identity, app, name } = openChannel(call, context);
  const channel = app.channel(name);
  const { body } = call;
  const given = parseMessages(
    isRecord(body) && Array.isArray(body.messages) ? body.messages : body,
  );
  const sender = findSender(given, context, identity);
  const messages = checkPublish(given, name, sender.identity, app.settings);
  const entry = channel.publish(
    messages,
    randomBytes(9).toString("base64url"),
    sender.connectionId,
  );
  const published = entry.messages ?? [];
  return {
    status: 201,
    body: {
      channel: name,
      messageId: published[0]?.id,
      serials: published.map(({ serial }) => serial),
    },
  };
}

/** A message with a connectionKey comes from that connection, and from its clientId. */
function findSender(messages: Message[], context: RestContext, identity: Identity) {
  const key = messages.find(({ connectionKey }) => connectionKey !== undefined)?.connectionKey;
  for (const message of messages) delete message.connectionKey;
  if (key === undefined) return { identity, connectionId: undefined };
  const connection = context.connection(readConnectionKey(key) ?? "");
  if (!connection || connection.appId !== identity.appId) {
    throw new AblyError(40006, 400, "The connectionKey belongs to no connection.");
  }
  const { clientId } = connection.identity;
  return { identity: { ...identity, clientId }, connectionId: connection.id };
}

function getMessages(call: Call, context: RestContext): Result {
  const { identity, app, name } = openChannel(call, context);
  requireCapability(identity.capability, name, "history");
  const items = app
    .channel(name)
    .entries()
    .flatMap(({ messages = [], timestamp }) =>
      messages.map((item) => ({ item, timestamp, serial: item.serial ?? "" })),
    );
  return paginate(items, call);
}

function getPresenceHistory(call: Call, context: RestContext): Result {
  const { identity, app, name } = openChannel(call, context);
  requireCapability(identity.capability, name, "history");
  const items = app
    .channel(name)
    .entries()
    .flatMap(({ presence = [], timestamp, serial }) =>
      presence.map((item, index) => ({ item, timestamp, serial: `${serial}:${index}` })),
    );
  return paginate<PresenceMessage>(items, call);
}

function getPresence(call: Call, context: RestContext): Result {
  const { identity, app, name } = openChannel(call, context);
  if (!permits(identity.capability, name, "presence")) {
    requireCapability(identity.capability, name, "subscribe");
  }
  const clientId = call.query.get("clientId");
  const connectionId = call.query.get("connectionId");
  const items = app
    .channel(name)
    .members.list()
    .filter((member) => clientId === null || member.clientId === clientId)
    .filter((member) => connectionId === null || member.connectionId === connectionId)
    .map((item) => ({
      item,
      timestamp: item.timestamp,
      serial: `${item.connectionId}:${item.clientId}`,
    }));
  return paginate<PresenceMessage>(items, call, "forwards");
}

function getStatus(call: Call, context: RestContext): Result {
  const { identity, app, name } = openChannel(call, context);
  requireCapability(identity.capability, name, "channel-metadata");
  return { body: describe(app.channel(name)) };
}

function describe({ name, subscribers, members }: Channel) {
  const attached = [...subscribers];
  const having = (mode: number) => attached.filter(({ modes }) => modes & mode).length;
  const presence = members.list();
  const metrics = {
    connections: attached.length,
    publishers: having(Flag.PUBLISH),
    subscribers: having(Flag.SUBSCRIBE),
    presenceConnections: having(Flag.PRESENCE),
    presenceMembers: presence.length,
    presenceSubscribers: having(Flag.PRESENCE_SUBSCRIBE),
  };
  const isActive = attached.length > 0;
  return { channelId: name, name, status: { isActive, occupancy: { metrics } } };
}

function openChannel(call: Call, { auth, app }: RestContext) {
  const claimed = Buffer.from(call.header("x-ably-clientid"), "base64").toString("utf8");
  const identity = mergeIdentity(auth.identify(call.credentials), claimed || undefined);
  return { identity, app: app(identity.appId), name: call.path[1] ?? "" };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
