/** Random schedules of faults, with the odd seeds. See upstream/README.md. */
import { simulate } from "./simulate.ts";

await simulate("odd");
