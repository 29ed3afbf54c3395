/**
 * Does `@ably/spaces`, unmodified, work against local Ably? CI asks. It is no part of `npm test`,
 * because a fork should not have to install the package:
 *   npm install --prefix /tmp/spaces @ably/spaces ably
 *   node --import tsx/esm upstream/tests/local-ably/spaces-check.mjs /tmp/spaces
 */
import { strict as assert } from "node:assert";
import { createRequire } from "node:module";
import { join } from "node:path";
import { startLocalAbly } from "../../../local-ably/server.ts";

const [, , folder] = process.argv;
if (!folder) throw new Error("Name the folder in which @ably/spaces and ably are installed.");
const require = createRequire(join(folder, "package.json"));
const Ably = require("ably");
const { default: Spaces } = require("@ably/spaces");

const { port } = await startLocalAbly();
const [name, secret] = ["local.dev", "not-a-secret-opens-only-local-ably"];
const signer = new Ably.Rest({ key: `${name}:${secret}` });

function connect(clientId) {
  return new Ably.Realtime({
    endpoint: "127.0.0.1",
    port,
    tls: false,
    clientId,
    authCallback: (params, done) => {
      signer.auth.createTokenRequest(params).then(
        (request) => done(null, request),
        (error) => done(error, null),
      );
    },
  });
}

/** The first event that passes, or an error that names it after 10 s. */
function once(target, event, passes = () => true) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Waited in vain for: ${event}`)), 10_000);
    target.subscribe(event, (item) => {
      if (!passes(item)) return;
      clearTimeout(late);
      resolve(item);
    });
  });
}

const clients = ["ada", "bob"].map(connect);
const [ada, bob] = await Promise.all(
  clients.map((client) => new Spaces(client).get("space", { offlineTimeout: 1_000 })),
);

const sawBob = once(ada.members, "enter", ({ clientId }) => clientId === "bob");
await ada.enter({ name: "Ada" });
await bob.enter({ name: "Bob" });
assert.deepEqual((await sawBob).profileData, { name: "Bob" });
const names = async (space) => (await space.members.getAll()).map(({ clientId }) => clientId);
assert.deepEqual((await names(bob)).toSorted(), ["ada", "bob"]);
console.log("members: seen by both");

const moved = once(bob.locations, "update", ({ member }) => member.clientId === "ada");
await ada.locations.set({ slide: 3 });
assert.deepEqual((await moved).currentLocation, { slide: 3 });
console.log("locations: seen");

const pointed = once(bob.cursors, "update", ({ clientId }) => clientId === "ada");
// Cursors are sent only once another has subscribed, which takes a moment to be known.
const pointing = setInterval(
  () => ada.cursors.set({ position: { x: 1, y: 2 } }).catch(() => {}),
  50,
);
assert.deepEqual((await pointed).position, { x: 1, y: 2 });
clearInterval(pointing);
console.log("cursors: seen");

const locked = once(bob.locks, "update", ({ id }) => id === "slide-3");
const request = await ada.locks.acquire("slide-3");
assert.equal(request.status, "pending");
const lock = await locked;
assert.deepEqual([lock.member.clientId, lock.status], ["ada", "locked"]);
const refused = once(bob.locks, "update", ({ member }) => member.clientId === "bob");
await bob.locks.acquire("slide-3");
assert.equal((await refused).status, "unlocked");
assert.equal(bob.locks.get("slide-3").member.clientId, "ada");
console.log("locks: held by one");

const left = once(ada.members, "remove", ({ clientId }) => clientId === "bob");
await bob.leave();
await left;
console.log("leaving: seen");

// At once: what spaces still does by itself would fail on closed clients.
process.exit(0);
