/** What is between local Ably and its clients. Faults hold frames here, and refuse sockets. */
export class Network {
  bytesUnsent = 0;
  bytesBeingReceived = 0;
  refusedUntil = 0;
  delayMs = 0;
  #isHolding = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: { send: () => void; due: number }[] = [];

  /** All frames to clients pass through here, in order. */
  pass(send: () => void): void {
    if (!this.#isHolding && this.delayMs === 0 && this.#waiting.length === 0) return send();
    this.#waiting.push({ send, due: Date.now() + this.delayMs });
    this.#flush();
  }

  hold(isHolding: boolean): void {
    this.#isHolding = isHolding;
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    if (this.#isHolding) return;
    const now = Date.now();
    while (this.#waiting[0] && this.#waiting[0].due <= now) this.#waiting.shift()?.send();
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#flush(), next.due - now);
  }
}
