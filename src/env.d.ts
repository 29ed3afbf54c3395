declare const __LOCAL_ABLY__: boolean;

/** The inline script of index.html sets it: nothing came of it if it holds nothing. */
declare var tokenRequestAhead:
  | Promise<{ clientId: string; askedAt: number; ms: number; body: unknown } | false | undefined>
  | undefined;
