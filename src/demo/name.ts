/**
 * SHOWN. What this person is called: the name that they chose last comes back in a new tab, unless
 * another tab has it, so that two tabs can still talk to each other. A made-up name gives way.
 */
import { cleanName, isMadeUpName, makeName } from "../realtime/index.ts";
import type { Session } from "./session.ts";
import { namesOf } from "./state/people.ts";
import type { State } from "./state/state.ts";

/** `signOut` deletes what is stored under `person`. */
const CHOSEN = ["person", "name"];

/** Takes the chosen name, if no other tab has it. */
export function keepName(session: Session): { choose(name: string): void; close(): void } {
  const { tab, site } = session.connection.storages;
  const lock = createNameLock();
  const chosen = cleanName(site.read(...CHOSEN) ?? "");
  const isNewTab = tab.read("has-name") === undefined;
  tab.write("yes", "has-name");
  if (isNewTab && chosen !== undefined) lock.takeIfFree(chosen, () => session.rename(chosen));
  else lock.take(session.me.name);

  // A page in the back/forward cache is not here, and one with a lock does not get into it.
  let stored: string | undefined;
  const onPageHide = () => {
    lock.release();
    stored = tab.read("name");
  };
  const onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return;
    // Another page of this tab may have changed it, or may have another person.
    const [clientId, name] = [tab.read("clientId"), tab.read("name") ?? ""];
    const isRenamed = clientId === session.me.clientId && name !== stored;
    if (isRenamed) session.rename(cleanName(name) ?? session.me.name);
    lock.take(session.me.name);
  };
  addEventListener("pagehide", onPageHide);
  addEventListener("pageshow", onPageShow);
  return {
    choose(name) {
      session.rename(name);
      site.write(name, ...CHOSEN);
      lock.take(name);
    },
    close() {
      lock.release();
      removeEventListener("pagehide", onPageHide);
      removeEventListener("pageshow", onPageShow);
    },
  };
}

/** Shows the tabs of this browser which names are in use. A tab that ends releases its lock. */
function createNameLock() {
  let end = new AbortController();
  const hold = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const start = () => {
    end.abort();
    end = new AbortController();
    return end.signal;
  };
  // Browsers have it only with TLS and on localhost. Elsewhere no name comes back.
  const locks: LockManager | undefined = navigator.locks;
  return {
    release: () => end.abort(),
    /** Waits until the name is free: a duplicated tab has the same one. */
    take(name: string) {
      const signal = start();
      locks?.request(`name ${name}`, { signal }, () => hold(signal)).catch(() => {});
    },
    takeIfFree(name: string, onGot: () => void) {
      const signal = start();
      const onAnswer = (lock: Lock | null) => {
        if (!lock || signal.aborted) return undefined;
        onGot();
        return hold(signal);
      };
      locks?.request(`name ${name}`, { ifAvailable: true }, onAnswer).catch(() => {});
    },
  };
}

/** Made-up names may repeat. The later visitor changes theirs. */
export function createNamesakeCheck(session: Session): (state: State) => void {
  let isNew = true;
  let checked: State["members"] = [];
  return ({ members }) => {
    if (!isNew || members === checked) return;
    checked = members;
    const { clientId: myId, name: myName } = session.me;
    const people = namesOf(members);
    const others = people.filter(({ clientId }) => clientId !== myId);
    if (others.length === people.length) return;
    isNew = false;
    const taken = others.map(({ name }) => name);
    if (taken.includes(myName) && isMadeUpName(myName)) session.rename(makeName(taken));
  };
}
