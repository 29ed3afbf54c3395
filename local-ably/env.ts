/** Reads the `.env` files that `netlify dev` reads, in its order, for what runs without it. */
import { config } from "dotenv";

config({ path: [".env.development.local", ".env.local", ".env.development", ".env"], quiet: true });
