/** vite.config.ts sets these. */

/** True if the page uses local Ably. */
declare const __LOCAL_ABLY__: boolean;

/** Netlify's deploy context of this build, such as "production" or "deploy-preview". */
declare const __DEPLOY_CONTEXT__: string;

/** The public name (appId.keyId) of the Ably key at build time. Empty if the build has none. */
declare const __ABLY_KEY_NAME__: string;

/** In development, this computer's address in its network. Otherwise empty. */
declare const __NETWORK_HOST__: string;
