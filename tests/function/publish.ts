import type { Context } from "@netlify/functions";
import * as v from "valibot";
import { vi } from "vitest";
import { publish as publishInApp } from "../../netlify/publish.ts";

// The messages of src/app.ts are yours, under any name: here they are those of contract.ts, and two.
vi.mock("../../src/app.ts", async (importOriginal) => {
  const { notes } = await import("../support/contract.ts");
  const messages = { ...notes.messages, refresh: v.undefined(), anything: v.unknown() };
  const names = Object.keys(await importOriginal<object>());
  return Object.fromEntries(names.map((name) => [name, { ...notes, messages }]));
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
