/** SHOWN. Where this page is opened. */

/** Host names that reach only this computer. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

export function isOnThisComputer(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
