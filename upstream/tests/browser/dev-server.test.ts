/** What people met with `npm run dev`, each on the page that a fork starts with. */
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { freePort, startProgram } from "../../../tests/support/program.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { run, runIn, saveFile } from "../../support/files.ts";

const READY = "Local dev server ready";
const FUNCTION = "/.netlify/functions/ably-token-request?clientId=ada";

describe("npm run dev", () => {
  let folder: string;
  const stage = setStage(async () => {
    folder = await copyProject();
    await appendFile(
      join(folder, "netlify.toml"),
      '\n[[redirects]]\nfrom = "/*"\nto = "/index.html"\nstatus = 200\n',
    );
    await runIn(folder, "vite/bin/vite.js", "build");
    return startDev({ folder });
  });

  const setRadius = async (value: string) => {
    const path = join(folder, "src/style.css");
    const text = await readFile(path, "utf8");
    expect(text).toMatch(/--radius: /);
    await saveFile(path, text.replace(/--radius: [^;]+;/, `--radius: ${value};`));
  };

  it("serves the source and not dist/ to a site with an SPA fallback", async () => {
    const script = await fetch(`${stage.site.url}/src/main.ts`);
    expect(script.headers.get("content-type")).toContain("text/javascript");
    const page = await fetch(`${stage.site.url}/any/path`, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain('src="/src/main.ts"');
  });

  it("reloads the page after Vite restarts, and shows later edits", async () => {
    const { page } = await stage.arrive();
    const radius = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--radius"));
    const reloaded = page.waitForEvent("load");
    await appendFile(join(folder, "vite.config.ts"), "// saved\n");
    await reloaded;
    await page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    let edit = 0;
    await vi.waitFor(
      async () => {
        await setRadius(`${++edit}px`);
        await expect.poll(radius, { timeout: 3_000 }).toBe(`${edit}px`);
      },
      { timeout: 30_000 },
    );
  });

  it("reports in the console what production's policy forbids, and blocks nothing", async () => {
    const { page, complaints } = await stage.arrive();
    // Vite answers a reload with 304, which has other headers.
    await page.reload();
    const reports: string[] = [];
    page.on("console", (message) => reports.push(message.text()));
    const isShown = await page.evaluate(() => {
      const bold = document.createElement("p");
      bold.innerHTML = "<b>bold</b>";
      const script = document.createElement("script");
      script.textContent = "window.wasRun = true";
      document.head.append(script);
      void fetch("http://127.0.0.1:10/").catch(() => {});
      return bold.children.length === 1 && Reflect.get(window, "wasRun") === true;
    });
    expect(isShown).toBe(true);
    for (const report of ["requires 'TrustedHTML'", "script-src 'self'", "connect-src 'self'"]) {
      await expect.poll(() => reports.join("\n")).toContain(report);
    }
    expect(complaints.filter((text) => text.includes("Policy"))).toEqual([]);
  });

  it.each(["my-laptop.local", "devbox", "abc.tunnel.example"])(
    "refuses the unknown host name %s, and says what to set",
    async (host) => {
      const { port } = new URL(stage.site.url);
      const { status, body } = await getAs(`${host}:${port}`, Number(port));
      expect(status).toBe(403);
      expect(body).toContain(`To allow this host, add "${host}" to \`server.allowedHosts\``);
    },
  );
});

function countIn(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** fetch cannot set the Host header. */
function getAs(host: string, port: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", headers: { host, accept: "text/html" } };
    request(options, async (response) => {
      let body = "";
      for await (const chunk of response) body += String(chunk);
      resolve({ status: response.statusCode ?? 0, body });
    })
      .on("error", reject)
      .end();
  });
}

describe("a key in .env", () => {
  let folder: string;
  const stage = setStage(async () => {
    // A blank variable would hide the one in .env.
    vi.stubEnv("ABLY_API_KEY", undefined);
    folder = await copyProject();
    const [port, vitePort] = [await freePort(), await freePort()];
    const command = `npm run dev -- --port ${port} --target-port ${vitePort} --command "vite --port ${vitePort}"`;
    const env = { NODE_ENV: "development" };
    const program = await startProgram(command, { cwd: folder, env, ready: READY });
    return { ...program, url: `http://localhost:${port}` };
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await removeCopy(folder);
  });

  it("is used after the restart that the terminal asks for, not before", async () => {
    const { page } = await stage.arrive();
    const arrive = async () => {
      await page.goto(stage.site.url);
      const status = page.locator("[data-status]", { hasText: /^Connected$/ });
      await status.waitFor({ timeout: 5_000 });
    };
    for (const change of ["added", "removed"]) {
      const warnings = countIn(stage.site.output(), "ABLY_API_KEY has changed");
      // Again until it is seen: Vite may have started just now, and not watch the file yet.
      const changeKey = async () => {
        await writeFile(join(folder, ".env"), "ABLY_API_KEY=appid.keyid:abcdefghijklmnop\n");
        if (change === "removed") await rm(join(folder, ".env"));
        return countIn(stage.site.output(), "ABLY_API_KEY has changed");
      };
      await expect.poll(changeKey, { interval: 500 }).toBeGreaterThan(warnings);
      // While Vite restarts, Netlify's CLI answers 500.
      await vi.waitFor(arrive, { timeout: 30_000, interval: 500 });
      const answer = await fetch(stage.site.url + FUNCTION);
      expect(await answer.json(), change).toMatchObject({ keyName: "local.dev" });
    }
  });
});

describe("the folder of the project", () => {
  it("may have spaces and letters of other scripts in its path", async () => {
    const folder = await moveTo("my project ünï 日本");
    const dev = await startDev({ folder });
    const script = await fetch(`${dev.url}/src/main.ts`);
    expect(script.headers.get("content-type")).toContain("text/javascript");
    const answer = await fetch(dev.url + FUNCTION);
    expect(await answer.json()).toMatchObject({ clientId: "ada" });
    await dev.stop();
    await removeCopy(dirname(folder));
  });

  it("may not have a # in its path: Vite says so", async () => {
    const folder = await moveTo("c#");
    const { stderr, stdout } = await runIn(folder, "vite/bin/vite.js", "build");
    expect(stdout + stderr).toContain('The project root contains the "#" character');
    await removeCopy(dirname(folder));
  });

  it("may be a folder of an npm workspace", async () => {
    const folder = await moveTo("apps/realtime");
    const root = dirname(dirname(folder));
    const workspaces = { name: "mono", private: true, workspaces: ["apps/*"] };
    const other = { name: "web", private: true, scripts: { dev: "vite" } };
    await mkdir(join(root, "apps/web"));
    // Netlify's CLI looks for the repository's root.
    await run("git", ["init", "--quiet"], { cwd: root });
    const { stdout } = await runIn(folder, "netlify-cli/bin/run.js", "build", "--offline");
    expect(stdout).toContain("ably-token-request/index.ts");
    await writeFile(join(root, "package.json"), JSON.stringify(workspaces));
    await writeFile(join(root, "apps/web/package.json"), JSON.stringify(other));
    const dev = await startDev({ folder });
    const answer = await fetch(dev.url + FUNCTION);
    expect(await answer.json()).toMatchObject({ clientId: "ada" });
    await dev.stop();
    await removeCopy(root);
  });
});

/** Copies the project to a path of this kind. */
async function moveTo(path: string): Promise<string> {
  const copy = await copyProject();
  const folder = join(`${copy}-moved`, path);
  await mkdir(dirname(folder), { recursive: true });
  await rename(copy, folder);
  return folder;
}

describe("beside another program", () => {
  it("uses another port if 8888 is taken", async () => {
    const stranger = createServer((_request, response) => response.end("stranger"));
    // If a program of this machine has the port, it is the stranger.
    await new Promise<void>((resolve) => {
      stranger.once("error", () => resolve()).listen(8888, () => resolve());
    });
    const [cwd, vitePort] = [await copyProject(), await freePort()];
    const program = await startProgram(
      `npm run dev -- --target-port ${vitePort} --command "vite --port ${vitePort}"`,
      { cwd, env: { ABLY_API_KEY: "" }, ready: READY },
    );
    const [, url = ""] = /ready: (http:\/\/localhost:\d+)/.exec(program.output()) ?? [];
    expect(url).not.toMatch(/:8888$/);
    expect(await (await fetch(url)).text()).toContain("/src/main.ts");
    await program.stop();
    await removeCopy(cwd);
    stranger.close();
  });

  it("prints the command that works if Vite's port is taken", async () => {
    const vitePort = await freePort();
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(vitePort, "127.0.0.1", resolve));
    const dev = await startDev({ vitePort });
    await dev.ended;
    const command = `npm run dev -- --target-port ${vitePort + 1} --command "vite --port ${vitePort + 1}"`;
    await expect(dev.stop()).rejects.toThrow(command);
    stranger.close();
  });
});
