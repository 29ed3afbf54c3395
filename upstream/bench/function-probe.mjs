/**
 * Runs in a fresh process without a loader, once for each sample: `function-probe.mjs FOLDER`, an unpacked function.
 * Netlify's bootstrap is loaded first, as on Netlify, where it imports the function only when the
 * first request has come. Prints what that request and the later ones took.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const WARM_UP_CALLS = 500;
const CALLS = 1_000;

const [folder = ""] = process.argv.slice(2);
const importFrom = (file) => import(pathToFileURL(join(folder, file)).href);

const entry = await readFile(join(folder, "___netlify-entry-point.mjs"), "utf8");
const [, mainFile = ""] = /getLambdaHandler\('(.+)'\)/.exec(entry) ?? [];
await importFrom("___netlify-bootstrap.mjs");
const url = "https://site.example/.netlify/functions/ably-token-request?clientId=ada";
const ask = () => new Request(url);
const firstRequest = ask();

const startedAt = performance.now();
const { default: answer } = await importFrom(mainFile);
const firstAnswer = await (await answer(firstRequest, {})).json();
const cold = performance.now() - startedAt;
if (!firstAnswer.mac) throw new Error(`It did not sign: ${JSON.stringify(firstAnswer)}`);

for (let call = 0; call < WARM_UP_CALLS; call += 1) await answer(ask(), {});
const before = process.cpuUsage();
for (let call = 0; call < CALLS; call += 1) await answer(ask(), {});
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cold, warmCpu: (user + system) / 1_000 / CALLS }));
