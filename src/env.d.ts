/** True while local Ably answers. vite.config.ts defines both constants. */
declare const __LOCAL_ABLY__: boolean;

/** Netlify's deploy context of this build, such as "production" or "deploy-preview". */
declare const __DEPLOY_CONTEXT__: string;

/** The inline script of index.html sets it: nothing came of it if it holds nothing. */
declare var tokenRequestAhead:
  | Promise<{ clientId: string; askedAt: number; ms: number; body: unknown } | false | undefined>
  | undefined;
