import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findChromium, placesOfPlaywright, placesOnPath } from "./chromium.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "my programs "));
});

afterEach(() => rm(folder, { recursive: true }));

it("is the one in CHROMIUM, and none if there is none", async () => {
  const own = join(folder, "my-browser");
  expect(findChromium({ CHROMIUM: own, PATH: process.env.PATH })).toBeUndefined();
  await writeFile(own, "");
  expect(findChromium({ CHROMIUM: own, PATH: process.env.PATH })).toBe(own);
});

it("is one that Playwright finds, if there is no CHROMIUM", () => {
  // Where Playwright downloads its own to, and Chrome and Edge where they are installed.
  const message =
    "playwright-core has changed: see placesOfPlaywright in tests/support/chromium.ts";
  expect(placesOfPlaywright(), message).toContain(chromium.executablePath());
});

it.each(["chromium", "chromium-browser", "google-chrome-stable"])(
  "is %s in any folder on the PATH, if Playwright finds none",
  async (program) => {
    const PATH = [join(folder, "empty"), folder].join(delimiter);
    await mkdir(join(folder, "empty", program), { recursive: true });
    await writeFile(join(folder, program), "");
    expect(placesOnPath(PATH)).toContain(join(folder, program));
    const first = placesOfPlaywright().map((path) => findChromium({ CHROMIUM: path }));
    const installed = first.find((path) => path !== undefined);
    expect(findChromium({ PATH })).toBe(installed ?? join(folder, program));
  },
);
