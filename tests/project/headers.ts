import { join } from "node:path";
import { parseAllHeaders } from "@netlify/headers-parser";
import { ROOT } from "./copy.ts";

/** netlify.toml's, as Netlify reads them. */
export function readHeaders() {
  return parseAllHeaders({
    netlifyConfigPath: join(ROOT, "netlify.toml"),
    headersFiles: [],
    configHeaders: [],
    minimal: true,
  });
}
