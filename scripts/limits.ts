/**
 * What Ably and Netlify allow and charge, as their pages said when they were last looked up:
 * see "Where the figures come from" in docs/scale.md. Change them here, and run `npm run scale`.
 */

/** Ably's packages, smallest first. https://ably.com/docs/platform/pricing/resource-based/limits */
export const ABLY_PACKAGES = ["Free", "Standard", "Pro", "Enterprise"] as const;

/** What Free, Standard and Pro hold. Enterprise has no published bound. */
export const ABLY_LIMITS = {
  connections: [200, 10_000, 50_000],
  newConnectionsPerSecond: [42, 250, 500],
  tokenRequestsPerSecond: [50, 250, 500],
  tokenRequestsPerHour: [60_000, 360_000, 720_000],
  channels: [200, 10_000, 50_000],
  messagesPerSecond: [500, 2_500, 10_000],
} as const;

/** The same on every package. The first holds for what a connection receives, too. */
export const PER_CHANNEL = { messagesPerSecond: 50, presenceMembers: 200 } as const;

/**
 * Netlify's credits. Compute: https://docs.netlify.com/functions/usage-and-billing
 * Requests: https://docs.netlify.com/manage/accounts-and-billing/billing/billing-for-credit-based-plans/how-credits-work-for-enterprise-plans
 */
export const CREDITS = { perGigabyteHour: 10, per10000Requests: 2 } as const;

/** Credits a month of each plan. https://www.netlify.com/pricing/ */
export const NETLIFY_PLANS = [
  ["Free", 300],
  ["Personal", 1_000],
  ["Pro", 3_000],
] as const;

/** The default of a function. https://docs.netlify.com/build/functions/configuration */
export const FUNCTION_GIGABYTES = 1;
