/**
 * The token function with the rules of open-to-all.ts in place of your identify.ts and permit.ts. To
 * test your own rules, import those two files, and not this one.
 */
import { vi } from "vitest";
import answer, {
  config as functionConfig,
} from "../../netlify/functions/ably-token-request/index.ts";

// Vitest moves these calls to the top of the file.
vi.mock("../../netlify/functions/ably-token-request/identify.ts", () => import("./open-to-all.ts"));
vi.mock("../../netlify/functions/ably-token-request/permit.ts", () => import("./open-to-all.ts"));

export const ablyTokenRequest = answer;
export const config = functionConfig;
