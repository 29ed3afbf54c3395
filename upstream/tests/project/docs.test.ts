/** The docs name files, scripts, variables and ports. These tests fail when one is gone. */
import { readFile } from "node:fs/promises";
import { basename, dirname, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { repository, scripts } from "../../../package.json" with { type: "json" };
import { scripts as upstreamScripts } from "../../package.json" with { type: "json" };
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

const FILES = await listFiles();
const DOCS = FILES.filter((path) => path.endsWith(".md"));
const CODE = FILES.filter((path) =>
  /^((src|netlify|vite|local-ably)\/.*\.ts|[^/]+\.(ts|toml))$/.test(path),
);

/** Paths that the docs may name although they are not in the repository. */
const NOT_HERE = [
  "dist/",
  "upstream/screenshots/",
  ".env",
  "ably/modular",
  "@ably/pubsub-device/modular",
  "application/jwt",
];

/** A package with a scope. */
const PACKAGE = /^@[\w-]+\/[\w-]+$/;

/** Variables that are not for `.env`: Netlify and CI set them. */
const SET_ELSEWHERE = ["NETLIFY_DEV", "CONTEXT", "CI", "URL", "DEV"];

/** Those of local Ably alone. Its own README lists them. */
const OF_LOCAL_ABLY = /^LOCAL_ABLY_/;

/** The port of `netlify dev`, if nothing else is set. */
const NETLIFY_PORT = "8888";

const read = (path: string) => readFile(`${ROOT}/${path}`, "utf8");
const code = (await Promise.all(CODE.map(read))).join("\n");
const [readme, envExample] = await Promise.all([read("README.md"), read(".env.example")]);

/** Returns what the pattern's first group matches, without repeats. */
function findAll(pattern: RegExp, text: string): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))];
}

/** A code block. The group starts with the name of the language. */
const BLOCK = /^```([^]*?)^```$/gm;

const withoutBlocks = (markdown: string) => markdown.replaceAll(BLOCK, "");
const codeSpans = (markdown: string) => findAll(/`([^`\n]+)`/g, withoutBlocks(markdown));

/** Returns the anchors that GitHub makes from the headings. */
function anchorsOf(markdown: string): string[] {
  return findAll(/^#+ (.+)$/gm, withoutBlocks(markdown)).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Returns the files that a recipe creates: blocks that name them, and targets of `mv`. */
function createdBy(markdown: string): string[] {
  const named = findAll(/^```\w+\n(?:\/\/|#|<!--) (\S+)/gm, markdown);
  return [...named, ...findAll(/^mv \S+ (\S+)$/gm, markdown)];
}

/** A path from the root or from the doc's folder, or a file name alone. */
function exists(path: string, doc: string): boolean {
  const from = [path, posix.join(dirname(doc), path)].map((each) => each.replace(/\/$/, ""));
  return FILES.some(
    (file) => basename(file) === path || from.some((each) => `${file}/`.startsWith(`${each}/`)),
  );
}

describe.each(DOCS)("%s", async (doc) => {
  const markdown = await read(doc);

  const commands = findAll(BLOCK, markdown).filter((block) => /^(sh)?\n/.test(block));

  it("has no comments in commands, which zsh, the shell of macOS, takes as their words", () => {
    const lines = commands.flatMap((block) => block.split("\n"));
    expect(lines.filter((line) => /(^|\s)#/.test(line))).toEqual([]);
  });

  it("names only paths that exist", () => {
    const words = [...codeSpans(markdown), ...commands].flatMap((text) => text.split(/[\s,]+/));
    const paths = words.filter(
      (word) =>
        /^[\w@.-][\w@./-]*$/.test(word) && /\/|\.(ts|mjs|js|json|toml|html|css|md)$/.test(word),
    );
    const created = createdBy(markdown);
    const isKnown = (path: string) =>
      PACKAGE.test(path) ||
      exists(path, doc) ||
      created.some((file) => `${file}/`.startsWith(`${path}/`) || basename(file) === path) ||
      NOT_HERE.some((name) => path.startsWith(name));
    expect(paths.filter((path) => !isKnown(path))).toEqual([]);
  });

  it("names only scripts that exist", () => {
    const named = findAll(/npm run ([\w:-]+)/g, markdown);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const upstream = findAll(/npm --prefix upstream run ([\w:-]+)/g, markdown);
    expect(upstream.filter((name) => !Object.hasOwn(upstreamScripts, name))).toEqual([]);
  });

  it("names only variables and constants that the code has, or its own examples", () => {
    const examples = findAll(BLOCK, markdown).join("\n");
    const names = codeSpans(markdown).flatMap((span) =>
      findAll(/\b([A-Z]+_[A-Z_]*[A-Z])\b/g, span),
    );
    expect(names.filter((name) => !`${code}\n${examples}`.includes(name))).toEqual([]);
  });

  it("names only ports that are set somewhere", () => {
    const ports = findAll(/(?:\bports?:? |localhost:|`)(\d{4})\b/gi, markdown);
    const set = [NETLIFY_PORT, ...findAll(/port"?\s*[:=]\s*(\d{4})/gi, code)];
    expect(ports.filter((port) => !set.includes(port))).toEqual([]);
  });

  it("links only to what exists", async () => {
    const links = findAll(/\]\((?!https?:)([^)]+)\)/g, withoutBlocks(markdown));
    for (const link of links) {
      const [path = "", anchor] = link.split("#");
      const target = path ? posix.join(dirname(doc), path) : doc;
      expect.soft(exists(target, "."), link).toBe(true);
      if (anchor) expect.soft(anchorsOf(await read(target)), link).toContain(anchor);
    }
  });
});

it("docs/trouble.md documents every script", async () => {
  const trouble = await read("docs/trouble.md");
  const named = ["test", ...findAll(/npm run ([\w:-]+)/g, trouble)];
  expect(Object.keys(scripts).filter((name) => !named.includes(name))).toEqual([]);
});

it(".env.example lists every variable that the code reads, and no other", () => {
  const destructured = findAll(/\{([^{}]+)\} = process\.env/g, code).flatMap((names) =>
    names.trim().split(/\s*,\s*/),
  );
  const used = [...new Set([...destructured, ...findAll(/\benv\.([A-Z_]+)\b/g, code)])];
  const listed = findAll(/^([A-Z_]+)=/gm, envExample);
  expect(listed.toSorted()).toEqual(
    used.filter((name) => !SET_ELSEWHERE.includes(name) && !OF_LOCAL_ABLY.test(name)).toSorted(),
  );
});

it("local-ably/README.md lists the variables of local Ably", async () => {
  const names = findAll(/\b(LOCAL_ABLY_[A-Z]+)\b/g, code).filter(
    (name) => name !== "LOCAL_ABLY_KEY",
  );
  expect(names).not.toEqual([]);
  const text = await read("local-ably/README.md");
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});

it("README.md has the Deploy button of the repository that package.json names", () => {
  const address = `https://app.netlify.com/start/deploy?repository=${repository}#ABLY_API_KEY=`;
  const button = `[![Deploy to Netlify](https://www.netlify.com/img/deploy/button.svg)](${address})`;
  const isThere = readme.split("\n").includes(button);
  expect(isThere, `Paste this line into README.md, for the old button:\n\n${button}\n`).toBe(true);
});
