/** Reads the `.env` files that `netlify dev` reads, for programs that run without it. */
import { existsSync } from "node:fs";

/** The first file that sets a variable wins, and the shell beats them all. */
const FILES = [".env.development.local", ".env.local", ".env.development", ".env"];

for (const file of FILES) if (existsSync(file)) process.loadEnvFile(file);
