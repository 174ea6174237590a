import { nodeDns, type Resolver } from "rootwalk";
import { Agent } from "undici";

/** For `fetch(url, { dispatcher })`: names are looked up with DNSSEC, and a forged address is never connected to. */
export function dispatcherWith(resolver: Resolver): Agent {
  return new Agent({ connect: { lookup: nodeDns(resolver).lookup } });
}
