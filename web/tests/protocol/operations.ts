import type { Operation } from "./case";
import { OPERATIONS as CHAINS } from "./chain_operations";
import { log } from "./log_operation";
import { OPERATIONS as SEALED } from "./sealed_operations";

/** What is done with the cases of each area, by its folder's name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = { ...SEALED, ...CHAINS, log };
