/**
 * KEPT. Runs something again later: the longest wait doubles each time. The random part keeps
 * thousands of pages from retrying at the same moment.
 */
export class Retry {
  readonly #run: () => void;
  readonly #minMs: number;
  readonly #maxMs: number;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => void, minMs: number, maxMs: number) {
    this.#run = run;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** Does nothing if a run is waiting already. */
  later(): void {
    if (this.#timer !== undefined) return;
    const longest = Math.min(this.#maxMs, this.#minMs * 2 ** this.#count++);
    const delay = longest * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, delay);
  }

  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Cancels the run that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Cancels the run that waits, and starts again with the shortest wait. */
  reset(): void {
    this.stop();
    this.#count = 0;
  }
}
