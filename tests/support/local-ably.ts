import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./copy.ts";

type Key = { name: string; secret: string; capability: Record<string, string[]> };
export type LocalAbly = {
  port: number;
  /** Imitates what goes wrong in a network. See local-ably/README.md. */
  faults: {
    dropAll(): void;
    hold(): void;
    release(): void;
    forget(): void;
    refuseConnections(ms: number): void;
  };
  close(): Promise<void>;
};
type Options = { port?: number; keys?: Key[]; allowedHosts?: string[] };
type Start = (options: Options) => Promise<LocalAbly>;

/** A variable, so that the types still compile in a project that has deleted local-ably/. */
const PATH = join(ROOT, "local-ably/server.ts");

/** Tests that need Ably run against local Ably. Without it they are skipped. */
export const hasLocalAbly = existsSync(PATH);

/** Starts local Ably in this process, with these keys and no other. */
export async function startLocalAbly(options: Options): Promise<LocalAbly> {
  const { startLocalAbly: start } = (await import(PATH)) as { startLocalAbly: Start };
  return start(options);
}
