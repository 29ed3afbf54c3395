/** SHOWN. The dialog that changes my name. */
import { cleanName, looksLikeServer } from "../../realtime/index.ts";
import { find, listen } from "./dom.ts";

const NOTHING_VISIBLE = "Use letters or digits.";
const RESERVED = "This name is reserved.";

/** Returns its cleanup. */
export function bindRename(readName: () => string, rename: (name: string) => void): () => void {
  const dialog = find<HTMLDialogElement>("data-rename-dialog");
  const form = find<HTMLFormElement>("data-rename");
  const input = find<HTMLInputElement>("data-name-input");
  const cleanups = [
    listen(find("data-people"), "click", ({ target }) => {
      if (!(target instanceof Element) || !target.closest("[data-open-rename]")) return;
      input.value = readName();
      input.setCustomValidity("");
      dialog.showModal();
      input.select();
    }),
    listen(input, "input", () => input.setCustomValidity("")),
    listen(form, "submit", (event) => {
      event.preventDefault();
      const name = cleanName(input.value);
      if (name === undefined || looksLikeServer(name)) {
        input.setCustomValidity(name === undefined ? NOTHING_VISIBLE : RESERVED);
        input.reportValidity();
        return;
      }
      dialog.close();
      rename(name);
    }),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}
