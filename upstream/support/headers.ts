import { join } from "node:path";
import { parseAllHeaders } from "@netlify/headers-parser";
import { ROOT } from "../../tests/support/copy.ts";

/** netlify.toml's, as Netlify reads them. */
export function readHeaders() {
  return parseAllHeaders({
    netlifyConfigPath: join(ROOT, "netlify.toml"),
    headersFiles: [],
    configHeaders: [],
    minimal: true,
  });
}
