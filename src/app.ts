/**
 * YOURS. What this app sends: its messages, what people show about themselves, and its rooms. Each
 * message type is one entry. The schema gives its type, and checks what arrives, because anyone with
 * a token can publish anything. Schemas of Valibot, Zod and ArkType fit: https://standardschema.dev
 */
import * as v from "valibot";
import type { Contract } from "./realtime/contract.ts";

export const chat = {
  messages: {
    "chat-message": v.object({ text: v.string() }),
    "hello-world-message": v.object({ message: v.string() }),
    // A type that only your own functions can send: alarm: { schema: v.object({ … }), from: "server" }
  },
  /** Everyone in the room can read it. */
  profile: v.object({ name: v.string(), isTyping: v.optional(v.boolean()) }),
} satisfies Contract;

export type Chat = typeof chat;

/** The room of a page whose address names none with `?room=NAME`. Write it in lower case. */
export const DEFAULT_ROOM = "lobby";
