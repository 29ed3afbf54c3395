// Runs in the page, before its own script: notes each frame, and each task of 50 ms or more.
globalThis.observed = { frames: [], tasks: [] };

requestAnimationFrame(function count(now) {
  globalThis.observed.frames.push(now);
  requestAnimationFrame(count);
});

new PerformanceObserver((list) => {
  for (const { startTime: start, duration: ms } of list.getEntries()) {
    globalThis.observed.tasks.push({ start, ms });
  }
}).observe({ type: "longtask" });
