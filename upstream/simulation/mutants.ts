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
    seed: 1,
  },
  {
    name: "the age of a message that may be at Ably",
    file: "src/realtime/outbox.ts",
    from: "return ages.every((age) => age >= 0 && age < REPEATS_DROPPED_MS - REPEAT_MARGIN_MS);",
    to: "return ages.every(Boolean) || true;",
    seed: 1,
  },
  {
    name: "the order: one message at a time",
    file: "src/realtime/outbox.ts",
    from: "if (!entry || this.#isPublishing) return;",
    to: "if (!entry) return;",
    seed: 1,
  },
  {
    name: "what other tabs have published",
    file: "src/realtime/outbox-storage.ts",
    from: "return isPublished(value) ? value : undefined;",
    to: "return isPublished(value) ? undefined : undefined;",
    seed: 1,
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
    seed: 1,
  },
  {
    name: "another connection, so that the SDK forgets an old message",
    file: "src/realtime/outbox.ts",
    from: 'if (current === "disconnected") this.#forgetOldInFlight();',
    to: 'if (current === "initialized") this.#forgetOldInFlight();',
    seed: 1,
  },
  {
    name: "the retry after a refusal of the connection",
    file: "src/realtime/connection.ts",
    from: 'const isHealing = current === "failed" && error && isTemporary(error);',
    to: 'const isHealing = current === "failed" && error && isTemporary(error) && false;',
    seed: 1,
  },
  {
    name: "the backoff after a refusal of a message",
    file: "src/realtime/outbox.ts",
    from: 'if (this.#connection.client.connection.state === "connected") this.#retry.later();',
    to: "",
    seed: 1,
  },
  {
    name: "the notice of a gap",
    file: "src/realtime/attachment.ts",
    from: "const mayHaveGap = this.#wasAttached && !isResumed;",
    to: "const mayHaveGap = this.#wasAttached && !isResumed && false;",
    seed: 1,
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
    seed: 1,
  },
  {
    name: "the attachment after another connection",
    file: "src/realtime/attachment.ts",
    from: 'if (current === "connected" && (state === "failed" || state === "detached")) this.attach();',
    to: 'if (current === "connected" && state === "failed") this.attach();',
    seed: 1,
  },
];
