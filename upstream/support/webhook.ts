import { createHmac } from "node:crypto";
import { findBlock } from "./recipe.ts";

/** Delivers a webhook as GitHub does, to the function of the recipe "A signed webhook". */
export function deliver(
  siteUrl: string,
  delivery: string,
  login: string,
  signWith?: string,
): Promise<Response> {
  const [, secret = ""] = findBlock("A signed webhook", ".env").code.trim().split("=");
  const body = JSON.stringify({ sender: { login } });
  const signature = createHmac("sha256", signWith ?? secret).update(body);
  const headers = {
    "x-github-event": "push",
    "x-github-delivery": delivery,
    "x-hub-signature-256": `sha256=${signature.digest("hex")}`,
  };
  return fetch(`${siteUrl}/.netlify/functions/webhook`, { method: "POST", headers, body });
}
