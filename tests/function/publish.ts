import type { Context } from "@netlify/functions";
import { publish as publishInApp } from "../../netlify/publish.ts";

export const production = { deploy: { context: "production" } } as Context;

/** Takes any message: those of src/app.ts are yours, and a test brings its own. */
export const publish = publishInApp as unknown as (
  context: Context,
  room: string,
  name: string,
  data: unknown,
  options?: object,
) => ReturnType<typeof publishInApp>;
