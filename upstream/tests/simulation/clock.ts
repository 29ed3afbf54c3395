import { vi } from "vitest";

/** Call it before the SDK is imported, because the SDK keeps the timers that it finds. */
export function stopTime(): void {
  vi.useFakeTimers({
    toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
}
