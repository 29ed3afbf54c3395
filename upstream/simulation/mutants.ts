/** Ways to break the code, and a seed of the simulation that finds each. */
export type Mutant = {
  /** What is left out. */
  name: string;
  file: string;
  from: string;
  to: string;
  seed: number;
};

export const MUTANTS: Mutant[] = [
  {
    name: "the ID of a message",
    file: "src/realtime/outbox.ts",
    from: "publish({ id, name, data, extras: headers && { headers } });",
    to: "publish({ name, data, extras: headers && { headers } });",
    seed: 3,
  },
  {
    name: "the age of a message that may be at Ably",
    file: "src/realtime/outbox.ts",
    from: "return ages.every((age) => age >= 0 && age < REPEATS_DROPPED_MS - REPEAT_MARGIN_MS);",
    to: "return ages.every(Boolean) || true;",
    seed: 6,
  },
  {
    name: "the order: one message at a time",
    file: "src/realtime/outbox.ts",
    from: "if (!entry || this.#isPublishing) return;",
    to: "if (!entry) return;",
    seed: 10,
  },
  {
    name: "the storage of a message",
    file: "src/realtime/outbox-storage.ts",
    from: "if (!this.#storages.tab.write(text, ...this.#key, entry.id)) return false;",
    to: "",
    seed: 1,
  },
  {
    name: "one outbox for a channel",
    file: "src/realtime/outbox.ts",
    from: "const outbox = known ?? new Outbox(connection, channel, contract);",
    to: "const outbox = (known, new Outbox(connection, channel, contract));",
    seed: 2,
  },
  {
    name: "the retry after a refusal of the connection",
    file: "src/realtime/connection.ts",
    from: 'const isHealing = current === "failed" && error && isTemporary(error);',
    to: 'const isHealing = current === "failed" && error && isTemporary(error) && false;',
    seed: 3,
  },
  {
    name: "the notice of a gap",
    file: "src/realtime/attachment.ts",
    from: "const mayHaveGap = this.#wasAttached && !isResumed;",
    to: "const mayHaveGap = this.#wasAttached && !isResumed && false;",
    seed: 2,
  },
  {
    name: "each message once",
    file: "src/realtime/messages.ts",
    from: "if (this.#seen.has(key)) return false;",
    to: "",
    seed: 1,
  },
  {
    name: "the way back into the list of members",
    file: "src/realtime/presence.ts",
    from: "if (this.#profile === undefined) return;\n    this.#needsEntering = true;",
    to: "if (this.#profile === undefined) return;",
    seed: 19,
  },
  {
    name: "the attachment after another connection",
    file: "src/realtime/attachment.ts",
    from: 'if (current === "connected" && (state === "failed" || state === "detached")) this.attach();',
    to: 'if (current === "connected" && state === "failed") this.attach();',
    seed: 2,
  },
];
