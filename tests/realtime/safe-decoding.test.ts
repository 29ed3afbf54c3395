import { WebSocketTransport, XHRPolling } from "ably/modular";
import { describe, expect, it } from "vitest";
import { withSafeDecoding } from "../../src/realtime/safe-decoding.ts";

type Frame = { action: number; messages?: unknown[]; presence?: unknown[] };

/** A transport that only keeps what it would hand to the SDK. */
class Recorder {
  readonly shortName = "recorder";
  readonly frames: Frame[] = [];
  onProtocolMessage(frame: Frame): void {
    this.frames.push(frame);
  }
}

function receive(frame: Frame, onConnected?: (name: string) => void): Frame | undefined {
  const Safe = withSafeDecoding(Recorder, onConnected) as typeof Recorder;
  const transport = new Safe();
  transport.onProtocolMessage(frame);
  return transport.frames[0];
}

const MESSAGE = 15;
const PRESENCE = 14;
const CONNECTED = 4;

it.each([
  ["WebSocketTransport", WebSocketTransport],
  ["XHRPolling", XHRPolling],
])("overrides a method that the installed %s has", (_name, transport) => {
  const Safe = withSafeDecoding(transport) as { prototype: object };
  expect(Object.hasOwn(Safe.prototype, "onProtocolMessage")).toBe(true);
});

it("throws if the SDK has no such method", () => {
  expect(() => withSafeDecoding(class {})).toThrow(TypeError);
  expect(() => withSafeDecoding(undefined)).toThrow(TypeError);
});

describe("an encoding that the SDK cannot decode", () => {
  it.each([
    "vcdiff",
    "vcdiff/base64",
    "json/vcdiff",
    "cipher+aes-128-cbc/base64",
    "json/base64",
    "utf-8",
    "other",
    "",
    5,
    {},
  ])("%j becomes part of the data", (encoding) => {
    const messages = [{ data: "x", encoding }];
    expect(receive({ action: MESSAGE, messages })?.messages).toEqual([
      { data: { encoding, data: "x" }, encoding: null },
    ]);
    const presence = [{ data: "x", encoding }];
    expect(receive({ action: PRESENCE, presence })?.presence).toEqual([
      { data: { encoding, data: "x" }, encoding: null },
    ]);
  });
});

it.each(["json", "base64", undefined, null])("leaves the encoding %j to the SDK", (encoding) => {
  const messages = [{ data: "x", encoding }];
  expect(receive({ action: MESSAGE, messages })?.messages).toEqual([{ data: "x", encoding }]);
});

describe("JSON that is deeply nested, which takes the SDK long to parse,", () => {
  const nest = (depth: number, inside = "") => `${"[".repeat(depth)}${inside}${"]".repeat(depth)}`;

  it.each([
    ["arrays", nest(101)],
    ["objects", `${'{"a":'.repeat(101)}1${"}".repeat(101)}`],
    ["brackets that close in between", `${"[[],".repeat(101)}1${"]".repeat(101)}`],
    ["no end", "[".repeat(101)],
    ["an escaped quotation mark before them", `["\\"",${nest(100)}]`],
  ])("stays text: %s", (_kind, data) => {
    const messages = [{ data, encoding: "json" }];
    expect(receive({ action: MESSAGE, messages })?.messages).toEqual([
      { data: { encoding: "json", data }, encoding: null },
    ]);
  });

  it.each([
    ["100 levels", nest(100)],
    ["a wide drawing", JSON.stringify(Array.from({ length: 9_000 }, () => [1, 2]))],
    ["brackets in a text", JSON.stringify({ text: `\\"${"[{".repeat(9_000)}` })],
    ["an object", { a: 1 }],
  ])("and no other: %s", (_kind, data) => {
    const messages = [{ data, encoding: "json" }];
    expect(receive({ action: MESSAGE, messages })?.messages).toEqual([{ data, encoding: "json" }]);
  });
});

it("removes what makes the SDK wait for an earlier message", () => {
  const messages = [{ data: "x", extras: { delta: { from: "nobody" }, headers: { a: 1 } } }];
  expect(receive({ action: MESSAGE, messages })?.messages).toEqual([
    { data: "x", extras: { headers: { a: 1 } } },
  ]);
});

it("reports which transport connects", () => {
  const names: string[] = [];
  receive({ action: MESSAGE, messages: [] }, (name) => names.push(name));
  receive({ action: CONNECTED }, (name) => names.push(name));
  expect(names).toEqual(["recorder"]);
});
