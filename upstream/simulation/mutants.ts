import type { ScheduleName } from "./schedules.ts";

/** Ways to break the code, and the seed or the schedule that finds each. */
export type Mutant = {
  /** What is left out. */
  name: string;
  file: string;
  from: string;
  to: string;
  foundBy: number | ScheduleName;
};

export const MUTANTS: Mutant[] = [
  {
    name: "the ID of a message",
    file: "src/realtime/outbox.ts",
    from: "const message = { id, name, data, extras: headers && { headers } };",
    to: "const message = { name, data, extras: headers && { headers } };",
    foundBy: 9,
  },
  {
    name: "the age of a message that may be at Ably",
    file: "src/realtime/outbox.ts",
    from: "return ages.every((age) => age >= 0 && age < REPEATS_DROPPED_MS - REPEAT_MARGIN_MS);",
    to: "return ages.every(Boolean) || true;",
    foundBy: 11,
  },
  {
    name: "the order: one message at a time",
    file: "src/realtime/outbox.ts",
    from: "this.#isPublishing = true;",
    to: "",
    foundBy: "Ably refuses the first of several messages",
  },
  {
    name: "the storage of a message",
    file: "src/realtime/outbox-storage.ts",
    from: "if (!this.#storages.tab.write(text, ...this.#key, entry.id)) return false;",
    to: "",
    foundBy: 2,
  },
  {
    name: "one outbox for a channel",
    file: "src/realtime/outbox.ts",
    from: "const outbox = known ?? new Outbox(connection, channel, contract);",
    to: "const outbox = (known, new Outbox(connection, channel, contract));",
    foundBy: 2,
  },
  {
    name: "the retry after a refusal of the connection",
    file: "src/realtime/connection.ts",
    from: 'const isHealing = current === "failed" && error && isTemporary(error);',
    to: 'const isHealing = current === "failed" && error && isTemporary(error) && false;',
    foundBy: 12,
  },
  {
    name: "the notice of a gap",
    file: "src/realtime/attachment.ts",
    from: "const mayHaveGap = this.#wasAttached && (!isResumed || this.#messages.isCatchingUp);",
    to: "const mayHaveGap = false;",
    foundBy: 11,
  },
  {
    name: "each message once",
    file: "src/realtime/messages.ts",
    from: "const isKnown = this.#seen.has(message.key);",
    to: "const isKnown = this.#seen.has(message.key) && false;",
    foundBy: 3,
  },
  {
    name: "the way back into the list of members",
    file: "src/realtime/presence.ts",
    from: "if (this.#readProfile() === undefined) return;\n    this.#needsEntering = true;",
    to: "if (this.#readProfile() === undefined) return;",
    foundBy: 8,
  },
  {
    name: "the attachment after another connection",
    file: "src/realtime/attachment.ts",
    from: 'if (current !== "connected") return;\n    this.attach();',
    to: 'if (current !== "connected") return;\n    if (this.#channel.state === "failed") this.attach();',
    foundBy: 4,
  },
  {
    name: "what copies of this tab have published",
    file: "src/realtime/outbox.ts",
    from: "const other = this.#storage.readPublished(entry.id);",
    to: "const other = this.#storage.readPublished(`another ${entry.id}`);",
    foundBy: "a copy of a tab has published what the tab has not",
  },
  {
    name: "the age of a message when the SDK connects again",
    file: "src/realtime/outbox.ts",
    from: "if (inFlight && !this.#isSafeToPublish(inFlight)) void connection.reconnect();",
    to: "",
    foundBy: "a computer sleeps after the answer to a message was lost",
  },
  {
    name: "the longer wait after each refusal",
    file: "src/realtime/outbox.ts",
    from: "if (isConnected) this.#retry.later();",
    to: "",
    foundBy: "Ably refuses each message for ten seconds",
  },
  {
    name: "the name of now after the SDK has entered again",
    file: "src/realtime/presence.ts",
    from: "this.#correct(data);",
    to: "",
    foundBy: "a tab gets another name after Ably has forgotten it, and its answer is lost",
  },
  {
    name: "the way back after the SDK could not enter presence again",
    file: "src/realtime/attachment.ts",
    from: "if (error && reason.code === NOT_ENTERED_AGAIN) return this.presence?.refused(error);",
    to: "",
    foundBy: "Ably refuses to let a tab in again after a lost connection",
  },
];
