import { host } from "./lib/sync/host";

host(globalThis as unknown as DedicatedWorkerGlobalScope);
