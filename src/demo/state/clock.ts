/** SHOWN. Dates and times as this person reads them: in the time zone where they are now. */
export type Clock = {
  /** Changes at midnight and with the time zone: what shows a time is then rendered again. */
  key: string;
  /** Without its date on the present day. */
  time(timestamp: number): string;
  day(timestamp: number): string;
  isSameDay(one: number, other: number): boolean;
};

let known: Clock | undefined;

/** Returns the same clock until midnight, or until the time zone changes. */
export function clockAt(now: number): Clock {
  const text = new Date(now).toString();
  // "Sat Nov 28 2026" and "GMT+0100 (Central European Standard Time)".
  const key = `${text.slice(0, 15)}${text.slice(24)}`;
  if (known?.key !== key) known = createClock(key, now);
  return known;
}

function createClock(key: string, now: number): Clock {
  // A formatter keeps the time zone in which it was made.
  const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
  const dateAndTime = new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
  const isSameDay = (one: number, other: number) =>
    new Date(one).toDateString() === new Date(other).toDateString();
  return {
    key,
    time: (timestamp) => (isSameDay(timestamp, now) ? time : dateAndTime).format(timestamp),
    day: (timestamp) => day.format(timestamp),
    isSameDay,
  };
}
