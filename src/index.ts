/**
 * The library's door: re-exports only. `createResolver`, an answer with its verdict, the shapes in which other programs
 * take answers (docs/library.md), DANE (docs/dane.md), MTA-STS and TLSRPT (docs/mta-sts.md).
 */
export { defaultAlgorithms } from "./crypto/algorithms.ts";
export type { CryptoEngine, VerifyKey } from "./crypto/engine.ts";
export { hostEngine, loadPortableEngine } from "./crypto/load.ts";
export { nativeEngine } from "./crypto/native.ts";
export type { Authenticate, Encrypt, Opportunistic, Pkix, Skip } from "./dane/actions.ts";
export { type TlsrptPolicy, type TlsrptResult, tlsrptResults } from "./dane/codes.ts";
export {
  type DaneException,
  type DaneExceptions,
  daneExceptions,
  type ExceptionLimits,
  parseDaneExceptions,
} from "./dane/exceptions.ts";
export type { Asker, DaneOptions } from "./dane/lookups.ts";
export { type DaneMatch, type Matching, matchCertificate, type PkixResult } from "./dane/match.ts";
export { anyUsagePolicy, type DanePolicy, smtpPolicy } from "./dane/records.ts";
export {
  type HostOptions,
  type HostPlan,
  planHost,
  planService,
  type ServiceAction,
  type ServiceOptions,
  type ServicePlan,
  type ServiceTarget,
} from "./dane/service-plan.ts";
export {
  type DeliveryOptions,
  type DeliveryPlan,
  type MailAction,
  type MailHost,
  planDelivery,
  withoutTls,
} from "./dane/smtp-plan.ts";
export { lookupTlsa, type TlsaLookup, type TlsaOptions } from "./dane/tlsa-lookup.ts";
export { type PeerSocket, type VerifyOptions, verifyDane } from "./dane/verify.ts";
export { anchorsFromXml, anchorsFromZoneText } from "./dnssec/anchors.ts";
export { type AliasData, type AliasLink, type Answer, type AnswerData, explainVerdict } from "./dnssec/answer.ts";
export type { Denial, Failure, FailureCode, Proof, ProofPart, SignedBy, ZoneProof } from "./dnssec/proof.ts";
export type { TrustAnchor } from "./dnssec/trust-anchor.ts";
export { type Bogus, type Indeterminate, Insecure, Secure, type Verdict, type WhyInsecure } from "./dnssec/verdict.ts";
export { secureRRset } from "./dnssec/views.ts";
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
export {
  type MailOptions,
  type MailPlan,
  type PlannedAction,
  type PlannedHost,
  planMail,
  planWithoutTls,
  type StsTest,
} from "./mail/plan-mail.ts";
export {
  type Attempt,
  type NoSession,
  type OpenSession,
  openSession,
  type Session,
  type SessionHost,
  type SessionOptions,
  type SessionPatience,
  startSession,
} from "./mail/session.ts";
export { createSts, type Sts, type StsLimits, type StsOptions, type StsState } from "./mail/sts.ts";
export { type FetchedPolicy, type HttpsFetchOptions, httpsPolicyFetch, type PolicyFetch } from "./mail/sts-fetch.ts";
export { allowsHost, type ParsedPolicy, parseStsPolicy, parseStsRecord, type StsPolicy } from "./mail/sts-policy.ts";
export { type KeptPolicy, type StsStore, stsFolder } from "./mail/sts-store.ts";
export {
  createTlsrptCollector,
  type DayOfDomain,
  type SessionEnds,
  type TlsrptCollector,
} from "./mail/tlsrpt-collector.ts";
export { type DatagramSender, perlDatagramSender, tlsrptDatagram } from "./mail/tlsrpt-datagram.ts";
export { lookUpTlsrpt, parseTlsrptRecord, type TlsrptLookup, type TlsrptRecord } from "./mail/tlsrpt-record.ts";
export { type Reporter, type ReportMail, type TlsrptReport, tlsrptMail, tlsrptReport } from "./mail/tlsrpt-report.ts";
export { type PolicyResult, policyResults, type ReportedPolicy } from "./mail/tlsrpt-results.ts";
export { verifyWebPki, type WebPki, type WebPkiMatch, type WebPkiSocket } from "./mail/webpki.ts";
export type { AnchorStore, ForwardZone, Hint, ResolveOptions, Resolver, StubZone, Unchecked } from "./resolver/api.ts";
export { type CallbackDns, callbackDns, type DnsCallback } from "./resolver/callback-dns.ts";
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
