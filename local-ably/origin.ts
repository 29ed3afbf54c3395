/**
 * Which requests local Ably answers. Any page on the web can send requests to this machine, and
 * with DNS rebinding (a public name that its owner points at this machine) it looks like a page of
 * this server. So over plain HTTP a page needs a host that nobody can own on the web, or one that
 * is allowed by hand. Over HTTPS, the certificate proves the name.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Names as in Vite's `server.allowedHosts`: `.example.com` includes subdomains. */
export type AllowedHosts = true | readonly string[];

const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_NAME = /^((.+\.)?localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;
/** Names that the public DNS cannot hold: without a dot, or below a reserved one. */
const PRIVATE_NAME = /^[^.]+$|\.(localhost|local|internal|home\.arpa)$/;

/** Whether the request comes from a page of this origin, or from no page. */
export function isSameOrigin(request: IncomingMessage, allowed: AllowedHosts): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return isFromNoPage(request, allowed);
  const page = parse(origin);
  if (!page || ![host, request.headers["x-forwarded-host"]].includes(page.host)) return false;
  return page.protocol === "https:" || isTrusted(page.hostname, allowed);
}

/** Whether it comes from a page of this machine, of the requested host at any port, or from no page. */
export function isSameHost(request: IncomingMessage, allowed: AllowedHosts): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return isFromNoPage(request, allowed);
  const hostname = parse(origin)?.hostname ?? "";
  const isRequested = hostname === parse(`http://${host}`)?.hostname;
  return LOOPBACK_NAME.test(hostname) || (isRequested && isTrusted(hostname, allowed));
}

/** Whether it comes from a page of this origin that is open on this machine. */
export function isOwnPage(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  const forwarded = String(headers["x-forwarded-for"] ?? socket.remoteAddress).split(",");
  return (
    headers.origin !== undefined &&
    (headers["sec-fetch-site"] ?? "same-origin") === "same-origin" &&
    isSameOrigin(request, []) &&
    LOOPBACK_NAME.test(parse(headers.origin)?.hostname ?? "") &&
    [...forwarded, String(socket.remoteAddress)].every((ip) => LOOPBACK_ADDRESS.test(ip.trim()))
  );
}

/** Browsers send no Origin with a GET to the own origin, and Sec-Fetch-Site only if it is secure. */
function isFromNoPage({ headers }: IncomingMessage, allowed: AllowedHosts): boolean {
  const hostname = parse(`http://${headers.host}`)?.hostname ?? "";
  return headers["sec-fetch-site"] === "same-origin" || isTrusted(hostname, allowed);
}

function isTrusted(hostname: string, allowed: AllowedHosts): boolean {
  if (allowed === true || PRIVATE_NAME.test(hostname)) return true;
  if (isIP(hostname.replace(/^\[(.+)\]$/, "$1"))) return true;
  return allowed.some(
    (name) => name === hostname || (name[0] === "." && `.${hostname}`.endsWith(name)),
  );
}

function parse(origin: string): URL | undefined {
  return URL.canParse(origin) ? new URL(origin) : undefined;
}
