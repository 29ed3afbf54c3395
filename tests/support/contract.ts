import * as v from "valibot";
import type { Contract } from "../../src/realtime/contract.ts";

/** The tests' own messages: they pass whatever the app sends. */
export const notes = {
  messages: {
    note: v.object({ text: v.string() }),
    alarm: { schema: v.object({ text: v.string() }), from: "server" },
  },
  profile: v.object({ name: v.string(), mood: v.optional(v.string()) }),
} satisfies Contract;

export type Notes = typeof notes;
