/**
 * The library's door: re-exports only. `createResolver`, an answer with its verdict, and the shapes in which other
 * programs take answers. See docs/library.md.
 */
export { defaultAlgorithms } from "./crypto/algorithms.ts";
export type { CryptoEngine, VerifyKey } from "./crypto/engine.ts";
export { hostEngine, loadPortableEngine } from "./crypto/load.ts";
export { nativeEngine } from "./crypto/native.ts";
export { anchorsFromXml, anchorsFromZoneText } from "./dnssec/anchors.ts";
export { type AliasData, type AliasLink, type Answer, type AnswerData, explainVerdict } from "./dnssec/answer.ts";
export type { Denial, Failure, FailureCode, Proof, ProofPart, SignedBy, ZoneProof } from "./dnssec/proof.ts";
export type { TrustAnchor } from "./dnssec/trust-anchor.ts";
export { type Bogus, type Indeterminate, Insecure, Secure, type Verdict, type WhyInsecure } from "./dnssec/verdict.ts";
export type {
  Ask,
  Clock,
  Env,
  Exchange,
  ExchangeResult,
  Random,
  ServerAddress,
  Transport,
  UnixSeconds,
} from "./env/env.ts";
export type { ResolutionEvent } from "./env/events.ts";
export { systemClock, systemRandom } from "./env/system.ts";
export { seededRandom, type VirtualClock, virtualClock } from "./env/virtual.ts";
export type { AnchorStore, ForwardZone, Hint, ResolveOptions, Resolver, StubZone, Unchecked } from "./resolver/api.ts";
export {
  builtInAnchors,
  builtInHints,
  createResolver,
  hintsFromText,
  type ResolverOptions,
} from "./resolver/create.ts";
export { DnsError, type DnsErrorCode } from "./resolver/dns-error.ts";
export type { Lookup, LookupAddress, LookupOptions } from "./resolver/lookup.ts";
export { type MailauthResolver, type MxConnectDns, mailauthResolver, mxConnectDns } from "./resolver/mail-libraries.ts";
export {
  type AnyRecord,
  type CaaRecord,
  type MxRecord,
  type NaptrRecord,
  type NodeDns,
  type NodeDnsOptions,
  nodeDns,
  type RecordsByType,
  type SoaRecord,
  type SrvRecord,
  type TlsaRecord,
} from "./resolver/node-dns.ts";
export { defaultSettings, optionTable, type Settings } from "./resolver/options.ts";
export { type DnsPacket, type PacketData, type PacketOpt, type PacketRecord, toPacket } from "./resolver/packet.ts";
export { isOfType, type RRset, rdataOf } from "./rrset/rrset.ts";
export { WireError } from "./wire/cursor.ts";
export type { ExtendedError } from "./wire/edns.ts";
export { decodeMessage, encodeMessage, type Message, type Question, type ResourceRecord } from "./wire/message.ts";
export { Name, type NameKey } from "./wire/name.ts";
export { decodeRdata, encodeRdata, type RdataOf, rdataFromText, rdataToText } from "./wire/rdata.ts";
export {
  CLASS,
  EDE,
  edeText,
  RCODE,
  type RRType,
  rcodeToText,
  TYPE,
  typeFromText,
  typeToText,
} from "./wire/registry.ts";
