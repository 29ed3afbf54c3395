/** How a client of the load speaks to a server, and what it makes of what it hears. */
export type Dialect = {
  path(channel: string): string;
  /** What it says once the socket is open, if anything. */
  join?: (channel: string) => string;
  publish(channel: string, msgSerial: number, data: string): string;
  hear(frame: string): Heard | undefined;
};

export type Heard = { type: "joined" } | { type: "data"; data: string };

/** Ably's protocol, version 6, as far as the load needs it. */
const { ERROR, NACK, ATTACH, ATTACHED, MESSAGE } = {
  NACK: 2,
  ERROR: 9,
  ATTACH: 10,
  ATTACHED: 11,
  MESSAGE: 15,
} as const;

export function ablyDialect(key: string): Dialect {
  const query = new URLSearchParams({ v: "6", format: "json", key });
  return {
    path: () => `/?${query}`,
    join: (channel) => JSON.stringify({ action: ATTACH, channel }),
    publish: (channel, msgSerial, data) =>
      JSON.stringify({ action: MESSAGE, channel, msgSerial, messages: [{ name: "load", data }] }),
    hear(frame) {
      const { action, messages } = JSON.parse(frame) as {
        action: number;
        messages?: { data: string }[];
      };
      if (action === ERROR || action === NACK) throw new Error(`Refused: ${frame}`);
      if (action === ATTACHED) return { type: "joined" };
      if (action === MESSAGE) return { type: "data", data: messages?.[0]?.data ?? "" };
    },
  };
}

/** That of `reference/relay.ts`: who opens a socket has joined. */
export const relayDialect: Dialect = {
  path: (channel) => `/?${new URLSearchParams({ channel })}`,
  publish: (_channel, _msgSerial, data) => JSON.stringify({ data }),
  hear: (frame) => ({ type: "data", data: (JSON.parse(frame) as { data: string }).data }),
};
