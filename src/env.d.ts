/** vite.config.ts fills these in. */
declare const __LOCAL_ABLY__: boolean;
declare const __DEPLOY_CONTEXT__: string;
declare const __ABLY_KEY_NAME__: string;
