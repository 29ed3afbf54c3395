/** Schedules that each break a promise if a part of the code is missing, made as short as possible. */
import type { Action } from "./schedule.ts";

const act = (name: Action["name"], tab = 0, size = 0): Action => ({ name, tab, size });

export const SCHEDULES = {
  "a copy of a tab has published what the tab has not": [
    act("down"),
    act("send"),
    act("duplicate"),
    act("long wait", 0, 0.9),
    act("up"),
  ],
  "Ably refuses the first of several messages": [act("refuse messages"), act("burst")],
  "Ably refuses each message for ten seconds": [act("refuse messages", 0, 1), act("burst")],
  "a tab gets another name while Ably is away": [act("forget"), act("rename", 0, 0.5)],
  "a tab gets another name, and Ably forgets before it answers": [
    act("swallow"),
    act("rename", 0, 0.5),
    act("forget"),
  ],
  "a tab gets another name after Ably has forgotten it, and its answer is lost": [
    act("forget"),
    act("long wait", 0, 0.9),
    act("swallow"),
    act("rename", 0, 0.5),
  ],
  "a tab gets names before and after Ably has forgotten it, and its connection breaks off": [
    act("rename", 0, 0.1),
    act("rename", 0, 0.2),
    act("rename", 0, 0.3),
    act("forget"),
    act("long wait", 0, 0.9),
    act("rename", 0, 0.4),
    act("wait"),
    act("cut"),
  ],
  "a computer sleeps after the answer to a message was lost": [
    act("swallow, then down"),
    act("sleep", 0, 0.7),
    act("up"),
  ],
  "Ably refuses to let a tab in again after a lost connection": [
    act("down", 1),
    act("wait", 0, 0.9),
    act("refuse presence", 1, 0.3),
  ],
} satisfies Record<string, Action[]>;

export type ScheduleName = keyof typeof SCHEDULES;
