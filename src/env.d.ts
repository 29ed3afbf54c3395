/** KEPT. vite.config.ts sets these. */

declare const __LOCAL_ABLY__: boolean; // The page uses local Ably. delete with local-ably/

/** Netlify's deploy context of this build, such as "production" or "deploy-preview". */
declare const __DEPLOY_CONTEXT__: string;

/** The public name (appId.keyId) of the Ably key at build time. Empty if the build has none. */
declare const __ABLY_KEY_NAME__: string;

declare const __NETWORK_HOST__: string; // This computer's address. delete with src/demo/
