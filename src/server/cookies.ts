/**
 * Cookies for clients: who shows one that we made for his address did not forge that address. RFC 7873 §5.2; what is in a
 * server cookie RFC 9018 §4, so that servers behind one address understand each other's.
 */
import { timingSafeEqual } from "node:crypto";
import type { UnixSeconds } from "../env/env.ts";
import { addressToOctets } from "../wire/address.ts";
import { type Cookie, cookieOption, type EdnsOption } from "../wire/edns.ts";
import { siphash24 } from "./siphash.ts";

const SECRET_OCTETS = 16;
const VERSION = 1;
/** Seconds. RFC 9018 §4.3: what is older, or further in the future, is refused; past its half life a new one is given. */
const OLDEST = 3600;
const NEWEST = 300;
const RENEWED_AFTER = 1800;

export interface Standing {
  /** The client holds a cookie of ours for this address. */
  readonly proven: boolean;
  /** For the reply: the client's own, and a server cookie that is good for a while. */
  readonly option: EdnsOption;
}

export class ServerCookies {
  readonly #secrets: readonly Uint8Array[];

  /** The first secret makes cookies; the others are still accepted (RFC 9018 §5). Each 16 octets. */
  constructor(secrets: readonly Uint8Array[]) {
    if (secrets.length === 0) throw new TypeError("server cookies need a secret");
    for (const secret of secrets) {
      if (secret.length !== SECRET_OCTETS)
        throw new RangeError(`a cookie secret of ${secret.length} octets: ${SECRET_OCTETS} expected`);
    }
    this.#secrets = secrets;
  }

  standingOf(cookie: Cookie, address: string, now: UnixSeconds): Standing {
    const at = Math.floor(now);
    const found = cookie.server === null ? null : this.#verify(cookie.client, cookie.server, { address, at });
    const proven = found !== null;
    const kept = found?.isCurrent && found.age <= RENEWED_AFTER ? cookie.server : null;
    const server = kept ?? serverCookie(this.#secrets[0]!, cookie.client, { address, at });
    return { proven, option: cookieOption({ client: cookie.client, server }) };
  }

  /** Null if it is not ours, not this client's, or of another time. */
  #verify(
    client: Uint8Array,
    server: Uint8Array,
    { address, at }: Stamp,
  ): { readonly age: number; readonly isCurrent: boolean } | null {
    if (server.length !== 16 || server[0] !== VERSION) return null;
    const stamp = new DataView(server.buffer, server.byteOffset).getUint32(4);
    const age = (at - stamp) | 0; // serial arithmetic, RFC 1982
    if (age > OLDEST || age < -NEWEST) return null;
    const by = this.#secrets.findIndex((secret) =>
      timingSafeEqual(serverCookie(secret, client, { address, at: stamp }), server),
    );
    return by < 0 ? null : { age, isCurrent: by === 0 };
  }
}

interface Stamp {
  readonly address: string;
  readonly at: number;
}

/** RFC 9018 §4: version, three reserved octets, time, and a hash of these with both ends. */
function serverCookie(secret: Uint8Array, client: Uint8Array, { address, at }: Stamp): Uint8Array {
  const ip = addressToOctets(address.replace(/%.*$/, "")) ?? new Uint8Array(0);
  const input = new Uint8Array(16 + ip.length);
  input.set(client);
  input[8] = VERSION;
  new DataView(input.buffer).setUint32(12, at >>> 0);
  input.set(ip, 16);
  const cookie = new Uint8Array(16);
  cookie.set(input.subarray(8, 16));
  cookie.set(siphash24(secret, input), 8);
  return cookie;
}
