/** How a client of the load test talks to a server. */
export type Protocol = {
  path(channel: string): string;
  /** Returns the frame to send once the socket is open, if there is one. */
  join?: (channel: string) => string;
  publish(channel: string, msgSerial: number, data: string): string;
  read(frame: string): Received | undefined;
};

export type Received = { type: "joined" } | { type: "data"; data: string };

/** Ably's protocol, version 6, as far as the load needs it. */
const { ERROR, NACK, ATTACH, ATTACHED, MESSAGE } = {
  NACK: 2,
  ERROR: 9,
  ATTACH: 10,
  ATTACHED: 11,
  MESSAGE: 15,
} as const;

export function ablyProtocol(key: string): Protocol {
  const query = new URLSearchParams({ v: "6", format: "json", key });
  return {
    path: () => `/?${query}`,
    join: (channel) => JSON.stringify({ action: ATTACH, channel }),
    publish: (channel, msgSerial, data) =>
      JSON.stringify({ action: MESSAGE, channel, msgSerial, messages: [{ name: "load", data }] }),
    read(frame) {
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

/** The protocol of `reference/relay.ts`, in which opening a socket joins the channel. */
export const relayProtocol: Protocol = {
  path: (channel) => `/?${new URLSearchParams({ channel })}`,
  publish: (_channel, _msgSerial, data) => JSON.stringify({ data }),
  read: (frame) => ({ type: "data", data: (JSON.parse(frame) as { data: string }).data }),
};
