/** Holds one state, changes it by events, and redraws at most once in each animation frame. */
export function createStore<State, Event>(
  initial: State,
  reduce: (state: State, event: Event) => State,
  draw: (state: State) => void,
): (event: Event) => void {
  let state = initial;
  let frame = 0;
  const redraw = () => {
    frame = 0;
    draw(state);
  };
  draw(state);
  return (event) => {
    state = reduce(state, event);
    frame ||= requestAnimationFrame(redraw);
  };
}
