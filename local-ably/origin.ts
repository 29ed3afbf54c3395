/**
 * Which requests local Ably answers. Any page on the web can send requests to this machine, and
 * with DNS rebinding (a public name that its owner points at this machine) it looks like a page of
 * this server. So over plain HTTP a page needs a host that nobody can own on the web, or one that
 * is allowed by hand. Over HTTPS, the certificate proves the name.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** As Vite's `server.allowedHosts`: `.example.com` includes subdomains. */
export type AllowedHosts = true | readonly string[];
const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_NAME = /^((.+\.)?localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;
/** Names that the public DNS cannot hold. */
const PRIVATE_NAME = /^[^.]+$|\.(localhost|local|internal|home\.arpa)$/;
const parse = (origin = "") => (URL.canParse(origin) ? new URL(origin) : undefined);

/** Whether the request comes from a page of this origin, or from no page. */
export function isSameOrigin({ headers }: IncomingMessage, allowed: AllowedHosts): boolean {
  // A page of another port could claim this origin in x-forwarded-host, and never in this header.
  if (!["same-origin", "none"].includes(String(headers["sec-fetch-site"] ?? "none"))) return false;
  const page = parse(headers.origin);
  if (!page) return isFromNoPage(headers, allowed);
  const isOwn = [headers.host, headers["x-forwarded-host"]].includes(page.host);
  return isOwn && (page.protocol === "https:" || isTrusted(page.hostname, allowed));
}

/** Whether it comes from a page of this machine, of the requested host, or from no page. */
export function isSameHost({ headers }: IncomingMessage, allowed: AllowedHosts): boolean {
  const page = parse(headers.origin);
  if (!page) return isFromNoPage(headers, allowed);
  const isRequested = page.hostname === parse(`http://${headers.host}`)?.hostname;
  return LOOPBACK_NAME.test(page.hostname) || (isRequested && isTrusted(page.hostname, allowed));
}

/** Whether it comes from a page of this origin that is open on this machine. */
export function isOwnPage(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  const forwarded = String(headers["x-forwarded-for"] ?? socket.remoteAddress).split(",");
  return (
    (headers["sec-fetch-site"] ?? "same-origin") === "same-origin" &&
    isSameOrigin(request, []) &&
    LOOPBACK_NAME.test(parse(headers.origin)?.hostname ?? "") &&
    [...forwarded, String(socket.remoteAddress)].every((ip) => LOOPBACK_ADDRESS.test(ip.trim()))
  );
}

/** Pages GET their own origin without Origin. Only secure ones have Sec-Fetch-Site then. */
function isFromNoPage(headers: IncomingMessage["headers"], allowed: AllowedHosts): boolean {
  if (headers.origin !== undefined) return false;
  const hostname = parse(`http://${headers.host}`)?.hostname ?? "";
  return headers["sec-fetch-site"] === "same-origin" || isTrusted(hostname, allowed);
}

function isTrusted(host: string, allowed: AllowedHosts): boolean {
  const isAddress = isIP(host.replace(/^\[(.+)\]$/, "$1")) > 0;
  if (allowed === true || isAddress || PRIVATE_NAME.test(host)) return true;
  return allowed.some((name) => name === host || (name[0] === "." && `.${host}`.endsWith(name)));
}
