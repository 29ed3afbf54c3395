// Runs in the page, before its own script: notes each frame.
globalThis.frameTimes = [];

requestAnimationFrame(function count(now) {
  globalThis.frameTimes.push(now);
  requestAnimationFrame(count);
});
