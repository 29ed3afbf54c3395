/** Random schedules of faults, with the even seeds. See upstream/README.md. */
import { simulate } from "./simulate.ts";

await simulate("even");
