import { vi } from "vitest";

// Vitest moves these calls to the top of the file.
vi.mock("../../netlify/functions/ably-token-request/identify.ts", () => import("./open-to-all.ts"));
vi.mock("../../netlify/functions/ably-token-request/permit.ts", () => import("./open-to-all.ts"));
