/** The recipe that adds Ably to an existing site: one made by create-vite with React, and one in plain HTML. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { scripts } from "../../../package.json" with { type: "json" };
import { ROOT, linkPackages } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { listFiles, runIn } from "../../support/files.ts";
import { applyBlock } from "../../support/markdown.ts";
import { commandsOf, findBlock, install } from "../../support/recipe.ts";

const RECIPE = "Add Ably to your Netlify site";
const COPIED = [
  "netlify/functions/ably-token-request",
  "src/realtime",
  "src/app.ts",
  "src/env.d.ts",
  "local-ably",
];
const NOT_COPIED = "local-ably/bin.ts";

/** What `npm create vite -- --template react-ts` (create-vite 9.3) makes, as far as it matters. */
const SHARED_OPTIONS = {
  target: "es2023",
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: true,
  moduleDetection: "force",
  noEmit: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  erasableSyntaxOnly: true,
  noFallthroughCasesInSwitch: true,
};
const REACT_SITE: Record<string, string> = {
  "tsconfig.json": JSON.stringify({
    files: [],
    references: [{ path: "./tsconfig.app.json" }, { path: "./tsconfig.node.json" }],
  }),
  "tsconfig.app.json": JSON.stringify({
    compilerOptions: {
      ...SHARED_OPTIONS,
      tsBuildInfoFile: "./node_modules/.tmp/tsconfig.app.tsbuildinfo",
      lib: ["ES2023", "DOM"],
      module: "esnext",
      types: ["vite/client"],
      moduleResolution: "bundler",
      jsx: "react-jsx",
    },
    include: ["src"],
  }),
  "tsconfig.node.json": JSON.stringify({
    compilerOptions: {
      ...SHARED_OPTIONS,
      tsBuildInfoFile: "./node_modules/.tmp/tsconfig.node.tsbuildinfo",
      lib: ["ES2023"],
      types: ["node"],
      module: "nodenext",
    },
    include: ["vite.config.ts", "local-ably"],
  }),
  "index.html": `<!doctype html>
<html lang="en">
  <head><title>React site</title></head>
  <body>
    <div id="root"></div>
    <script type="module" src="/src/main.tsx"></script>
  </body>
</html>
`,
  "src/main.tsx": `import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import App from './App.tsx'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
`,
};

async function createSite(files: Record<string, string>): Promise<string> {
  const site = await mkdtemp(join(tmpdir(), "site-"));
  await linkPackages(site);
  for (const path of COPIED) await cp(join(ROOT, path), join(site, path), { recursive: true });
  await rm(join(site, NOT_COPIED));
  const { dev } = scripts;
  const manifest = JSON.stringify({ type: "module", scripts: { dev } });
  for (const [path, text] of Object.entries({ "package.json": manifest, ...files })) {
    await mkdir(dirname(join(site, path)), { recursive: true });
    await writeFile(join(site, path), text);
  }
  for (const path of ["vite.config.ts", "netlify.toml"]) {
    await applyBlock(site, findBlock(RECIPE, path));
  }
  return site;
}

/** Follows the recipe in a React site, which keeps its own plugin. */
async function createReactSite(): Promise<string> {
  const site = await createSite(REACT_SITE);
  await install(site, ["react", "react-dom", "@types/react", "@types/react-dom"]);
  await install(site, ["@vitejs/plugin-react"]);
  const config = join(site, "vite.config.ts");
  const text = await readFile(config, "utf8");
  await writeFile(
    config,
    `import react from "@vitejs/plugin-react";\n${text.replace("[localAbly", "[react(), localAbly")}`,
  );
  for (const name of ["connection", "useConnection", "useRoom"]) {
    await applyBlock(site, findBlock("React", `src/${name}.ts`));
  }
  await applyBlock(site, findBlock(RECIPE, "src/App.tsx"));
  return site;
}

async function createPlainSite(): Promise<string> {
  const site = await createSite({});
  for (const path of ["index.html", "visitors.js"]) {
    await applyBlock(site, findBlock(RECIPE, path));
  }
  return site;
}

describe.each([
  ["a React site of create-vite", createReactSite, "React site"],
  ["a plain HTML site", createPlainSite, "My site"],
] as const)("%s", (_what, create, title) => {
  let site = "";
  const stage = setStage(async () => {
    site = await create();
    return startDev({ folder: site });
  });

  it("shows who is here", async () => {
    const [ada, bob] = [await stage.open(), await stage.open()];
    for (const { page } of [ada, bob]) await page.goto(stage.site.url);
    for (const { page } of [ada, bob]) await page.getByText("2 here now").waitFor();
  });

  it("serves its own files with an SPA fallback, also after a build", async () => {
    const redirect = '\n[[redirects]]\nfrom = "/*"\nto = "/index.html"\nstatus = 200\n';
    const folder = await create();
    await writeFile(
      join(folder, "netlify.toml"),
      (await readFile(join(folder, "netlify.toml"), "utf8")) + redirect,
    );
    await runIn(folder, "vite/bin/vite.js", "build");
    const server = await startDev({ folder });
    const { page } = await stage.open();
    await page.goto(server.url);
    await page.getByText("1 here now").waitFor();
    await server.stop();
  });

  it("compiles and builds", async () => {
    if (title === "React site") await runIn(site, "typescript/bin/tsc", "-b");
    await runIn(site, "vite/bin/vite.js", "build");
    expect(await readFile(join(site, "dist/index.html"), "utf8")).toContain(title);
  });
});

it("installs every package that the copied folders import", async () => {
  const commands = (await commandsOf(RECIPE)).join(" ").split(" ");
  const files = (await listFiles()).filter(
    (path) => COPIED.some((copied) => path.startsWith(copied)) && path !== NOT_COPIED,
  );
  const texts = await Promise.all(files.map((path) => readFile(join(ROOT, path), "utf8")));
  const imports = texts.join("\n").matchAll(/(?:from|import) "(@[^"/]+\/[^"/]+|[^."/]+)[^"]*"/g);
  const packages = new Set([...imports].map(([, name = ""]) => name));
  // A site that uses Vite has it, and step 5 installs it for the others.
  const others = [...packages].filter((name) => !name.startsWith("node:") && name !== "vite");
  expect(others.filter((name) => !commands.includes(name))).toEqual([]);
});
