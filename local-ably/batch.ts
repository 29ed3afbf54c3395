/** Batch publish and batch presence. https://ably.com/docs/messages/batch */
import { requireCapability } from "./capability.ts";
import { assert, toAblyError } from "./error.ts";
import { isRecord } from "./format.ts";
import { parseMessages } from "./message.ts";
import { publishMessages } from "./publisher.ts";
import { type Call, type Result, identify, publisherOf, readBody } from "./request.ts";

const MAX_CHANNELS = 100;

/** `POST /messages` with one `{ channels, messages }`, or an array of them. */
export async function batchPublish(call: Call): Promise<Result> {
  const identity = identify(call);
  const body = await readBody(call);
  const specs = (Array.isArray(body) ? body : [body]).map((spec: unknown) => {
    assert(isRecord(spec), 40000, "A batch consists of { channels, messages } objects.");
    const channels: unknown[] = Array.isArray(spec.channels) ? spec.channels : [spec.channels];
    return { channels, drafts: parseMessages(spec.messages, call.host.settings) };
  });
  checkCount(specs.flatMap(({ channels }) => channels));
  const results = specs.map(({ channels, drafts }) =>
    runEach(channels, (name) => {
      const channel = call.host.appOf(identity).channel(name);
      requireCapability(identity.capability, name, "publish");
      const messages = publishMessages(publisherOf({ ...call, identity, channel }), drafts);
      return { messageId: messages[0]?.id, serials: messages.map(({ serial }) => serial) };
    }),
  );
  return { status: 201, body: Array.isArray(body) ? results : results[0] };
}

/** `GET /presence?channels=a,b` */
export function batchPresence(call: Call): Result {
  const identity = identify(call);
  const names = (call.query.get("channels") ?? "").split(",");
  checkCount(names);
  const body = runEach(names, (name) => {
    const channel = call.host.appOf(identity).channel(name);
    requireCapability(identity.capability, name, "subscribe");
    return { presence: channel.members.list() };
  });
  return { body };
}

function checkCount(channels: unknown[]): void {
  const { size } = new Set(channels);
  assert(size <= MAX_CHANNELS, 40000, `A batch may name at most ${MAX_CHANNELS} channels.`);
}

/** Runs each channel by itself, so that one can fail and the others succeed. */
function runEach(channels: unknown[], run: (name: string) => object) {
  const results = channels.map((channel) => {
    try {
      assert(typeof channel === "string", 40010, "A channel name must be a string.");
      return { channel, ...run(channel) };
    } catch (thrown) {
      return { channel, error: toAblyError(thrown) };
    }
  });
  const failureCount = results.filter((result) => "error" in result).length;
  return { successCount: results.length - failureCount, failureCount, results };
}
