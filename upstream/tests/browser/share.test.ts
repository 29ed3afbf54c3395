import { networkInterfaces } from "node:os";
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";

const stage = setStage();

it("can be shared as a link and a QR code, which is loaded only then", async () => {
  const url = stage.newRoom();
  const context = { permissions: ["clipboard-read", "clipboard-write"] };
  const ada = await stage.arrive(url, context);
  const loaded = () =>
    ada.page.evaluate(() =>
      performance.getEntriesByType("resource").some(({ name }) => /\/share-/.test(name)),
    );
  expect(await loaded()).toBe(false);
  await ada.page.getByRole("button", { name: "Invite" }).click();
  await ada.page.locator("[data-qr] svg path").waitFor();
  expect(await loaded()).toBe(true);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const inNetwork = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  expect(await ada.page.locator("[data-reach]").isVisible()).toBe(inNetwork === undefined);
  await ada.page.getByRole("button", { name: "Copy link" }).click();
  await ada.page.getByText("Copied").waitFor();
  // A phone cannot open localhost, so the link has this computer's address in its network.
  const link = new URL(url);
  if (inNetwork) link.hostname = inNetwork.address;
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(link.href);
  await ada.page.keyboard.press("Escape");
  await ada.page.locator("[data-dialog]").waitFor({ state: "hidden" });
});

it("is a link to this site, whatever the path of the page looks like", async () => {
  const { search } = new URL(stage.newRoom());
  const ada = await stage.arrive(`${stage.site.url}//other.example/${search}`);
  await ada.page.getByRole("button", { name: "Invite" }).click();
  const { port, pathname } = new URL(await ada.page.locator("[data-link]").innerText());
  expect({ port, pathname }).toEqual({
    port: new URL(stage.site.url).port,
    pathname: "//other.example/",
  });
});

it("is shared by the system's own sheet where there is one, and says nothing if that is closed", async () => {
  const ada = await stage.open();
  await ada.page.addInitScript(() => {
    const shared: unknown[] = [];
    const share = async (data: unknown) => {
      if (shared.push(data) === 2) throw new DOMException("The user closed it.", "AbortError");
      if (shared.length === 3) throw new DOMException("Not here.", "NotAllowedError");
    };
    Object.assign(navigator, { share });
    Object.assign(window, { shared });
  });
  const url = stage.newRoom();
  await ada.page.goto(url);
  await ada.connected();
  await ada.page.getByRole("button", { name: "Invite" }).click();
  const button = ada.page.getByRole("button", { name: "Share link" });
  const said = ada.page.locator("[data-shared]");
  for (let press = 0; press < 2; press++) await button.click();
  expect(await said.innerText()).toBe("");
  await button.click();
  await said.getByText("This did not work here. Copy the link above.").waitFor();
  const shared = await ada.page.evaluate(() => (window as unknown as { shared: object[] }).shared);
  expect(shared[0]).toEqual({
    url: expect.stringContaining(new URL(url).search),
    title: await ada.page.title(),
  });
});

it("works for a phone on this network, whose browser gives an address without HTTPS less", async () => {
  const ada = await stage.open();
  await ada.page.addInitScript(() => {
    Reflect.deleteProperty(Crypto.prototype, "randomUUID");
    Object.defineProperty(navigator, "clipboard", { value: undefined });
  });
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  await ada.say("from a phone");
  await ada.sees(ada.lines, ["from a phone"]);
  await ada.page.getByText("Connection log").click();
  await ada.page.getByRole("button", { name: "Copy as text" }).click();
  await ada.page.getByText("Select the text instead").waitFor();
  await ada.page.getByRole("button", { name: "Invite" }).click();
  await ada.page.getByRole("button", { name: "Copy link" }).click();
  await ada.page.getByText("Copy the link above").waitFor();
  expect(ada.complaints).toEqual([]);
});

it("writes every state change with its reason into a log that can be copied", async () => {
  const ada = await stage.arrive(stage.newRoom(), {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await ada.page.getByText("Connection log").click();
  await ada.page.getByRole("button", { name: "Copy as text" }).click();
  await ada.page.getByText("Copied").waitFor();
  const text = await ada.page.evaluate(() => navigator.clipboard.readText());
  const lines = text.split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
  expect(lines.filter((line) => /^(connection|room) /.test(line))).toEqual([
    "connection connecting",
    "room attaching",
    "connection connected",
    "room attached",
  ]);
  expect(lines).toEqual(
    expect.arrayContaining(["function-called", "token-issued", "connected over web_socket"]),
  );
});
