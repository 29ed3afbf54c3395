import type { Context } from "@netlify/functions";
import { vi } from "vitest";
import { publish as publishInApp } from "../../netlify/publish.ts";

// The messages of src/app.ts are yours, under any name: in the tests they are those of contract.ts.
vi.mock("../../src/app.ts", async (importOriginal) => {
  const { notes } = await import("../support/contract.ts");
  return Object.fromEntries(
    Object.keys(await importOriginal<object>()).map((name) => [name, notes]),
  );
});

export const production = { deploy: { context: "production" } } as Context;

/** Takes any message. */
export const publish = publishInApp as unknown as (
  context: Context,
  room: string,
  name: string,
  data: unknown,
  options?: object,
) => ReturnType<typeof publishInApp>;
