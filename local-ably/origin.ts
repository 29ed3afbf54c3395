/** Where a request comes from: any page on the web can reach a server on this machine. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_NAME = /^((.+\.)?localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

/**
 * From a page of this very origin, or from no page. A proxy names the host that it was asked for.
 * A name that its owner points at this machine is no origin of ours (DNS rebinding): over plain
 * HTTP, only localhost and addresses are.
 */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  const { protocol, hostname, host } = parse(headers.origin) ?? {};
  const isOurs = LOOPBACK_NAME.test(hostname ?? "") || isIP(hostname ?? "") > 0;
  const asked = [headers.host, headers["x-forwarded-host"]].filter((name) => name !== undefined);
  return (protocol === "https:" || isOurs) && asked.includes(host ?? "");
}

/**
 * From a page on this machine, at any port, or from no page. A page whose name was pointed at this
 * machine sends no Origin with a GET, but a Host with a dot in it, which no machine near by has.
 */
export function isLoopbackOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  const { hostname = "" } = parse(origin ?? `http://${host}`) ?? {};
  if (LOOPBACK_NAME.test(hostname)) return true;
  return origin === undefined && (isIP(hostname) > 0 || !hostname.includes("."));
}

/** From a page of this origin, opened on this machine: also behind `netlify dev`, a proxy. */
export function isOwnPage(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  const forwarded = String(headers["x-forwarded-for"] ?? socket.remoteAddress).split(",");
  return (
    headers.origin !== undefined &&
    (headers["sec-fetch-site"] ?? "same-origin") === "same-origin" &&
    isSameOrigin(request) &&
    isLoopbackOrigin(request) &&
    [...forwarded, String(socket.remoteAddress)].every((ip) => LOOPBACK_ADDRESS.test(ip.trim()))
  );
}

function parse(origin: string): URL | undefined {
  return URL.canParse(origin) ? new URL(origin) : undefined;
}
