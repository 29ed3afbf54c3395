/** SHOWN. Where this page is opened. */

/** Host names that reach only this computer. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

export function isOnThisComputer(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/** Addresses and names in a local network, such as at home. Netlify has no site there. */
const LOCAL_NETWORK = [
  /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+)+$/,
  /^\[f[cde]/,
  /^[^.:]+$/,
  /\.(local|internal|home\.arpa)$/,
];

export function isInThisNetwork(hostname: string): boolean {
  return isOnThisComputer(hostname) || LOCAL_NETWORK.some((each) => each.test(hostname));
}
