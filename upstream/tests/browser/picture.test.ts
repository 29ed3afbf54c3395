import { mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";

const SCREENSHOTS = fileURLToPath(new URL("../../screenshots", import.meta.url));
const MAX_BYTES = 120_000;

const stage = setStage();

/** The README shows copies of these: see CONTRIBUTING.md. */
it("is pictured, in light and dark, with a conversation", async () => {
  const options = { viewport: { width: 1_000, height: 640 } };
  const url = `${stage.site.url}/?room=garden`;
  const [ada, grace] = [await stage.arrive(url, options), await stage.arrive(url)];
  await ada.page.getByRole("button", { name: "Got it" }).click();
  await ada.rename("Ada");
  await grace.rename("Grace");
  await ada.people.getByText("Grace", { exact: true }).waitFor();
  await grace.say("Who keeps this socket open, if the function sleeps?");
  await ada.lines.getByText("Who keeps").waitFor();
  await ada.say("Ably does. The function signed one token request, and that was all.");
  await grace.lines.getByText("Ably does").waitFor();
  await grace.say("So the site stays static.");
  await ada.lines.getByText("So the site").waitFor();
  await grace.page.locator("[data-text]").pressSequentially("And");
  await ada.page.getByText("Grace is typing…").waitFor();

  await ada.page.mouse.move(0, 0);
  await ada.page.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
    document.querySelector("[data-side]")!.scrollTo(0, 0);
  });
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await ada.page.emulateMedia({ colorScheme });
    const path = `${SCREENSHOTS}/page-${colorScheme}.png`;
    await ada.page.screenshot({ path, animations: "disabled" });
    expect((await stat(path)).size).toBeLessThan(MAX_BYTES);
  }
});
