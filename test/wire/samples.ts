/** One or more records of every type that has a row in the table: text, and its octets worked out by hand or from the RFC. */
import { TYPE } from "../../src/wire/registry.ts";

export interface Sample {
  readonly type: number;
  readonly text: string;
  /** Hexadecimal with blanks. */
  readonly wire: string;
  /** Octets at the end that may be missing without making the RDATA malformed: what they belong to has no fixed length. */
  readonly open: "end" | "nothing" | "strings";
}

const a = "01 61 00"; // a.
const b = "01 42 00"; // B.

const sample = (type: number, text: string, wire: string, open: Sample["open"] = "nothing"): Sample => ({
  type,
  text,
  wire,
  open,
});

const single = [TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.DNAME];
const preferred = [TYPE.MX, TYPE.AFSDB, TYPE.RT, TYPE.KX, TYPE.LP];
const digests = [TYPE.DS, TYPE.CDS, TYPE.DLV];
const keys = [TYPE.DNSKEY, TYPE.CDNSKEY, TYPE.KEY];
const times = "20260310000000 20260301000000";

export const samples: readonly Sample[] = [
  sample(TYPE.A, "192.0.2.1", "c0 00 02 01"),
  sample(TYPE.AAAA, "2001:db8::1", "2001 0db8 0000 0000 0000 0000 0000 0001"),
  ...single.map((type) => sample(type, "a.B.", "01 61 01 42 00")),
  ...preferred.map((type) => sample(type, "258 B.", `0102 ${b}`)),
  sample(TYPE.SOA, "a. B. 4294967295 2 3 4 5", `${a} ${b} ffffffff 00000002 00000003 00000004 00000005`),
  sample(TYPE.HINFO, '"SUN4/110" "UNIX"', "08 53554e342f313130 04 554e4958"),
  sample(TYPE.MINFO, "a. B.", `${a} ${b}`),
  sample(TYPE.RP, "a. B.", `${a} ${b}`),
  sample(TYPE.PX, "10 a. B.", `000a ${a} ${b}`),
  sample(TYPE.TXT, '"a b" "" "\\"\\\\\\000\\255;"', "03 612062 00 05 22 5c 00 ff 3b", "strings"),
  sample(TYPE.SPF, '"v=spf1 -all"', "0b 763d73706631202d616c6c", "strings"),
  sample(TYPE.X25, '"311061700956"', "0c 333131303631373030393536"),
  sample(TYPE.ISDN, '"150862" "004"', "06 313530383632 03 303034", "strings"),
  sample(TYPE.ISDN, '"150862"', "06 313530383632", "strings"),
  sample(TYPE.GPOS, '"-32.6882" "116.8652" "10.0"', "08 2d33322e36383832 08 3131362e38363532 04 31302e30"),
  sample(
    TYPE.LOC,
    "42 21 54.500 N 71 6 18.300 W -24.00m 30.00m 10000.00m 10.00m",
    "00 33 16 13 89172fc4 70be14c4 00988d20",
  ),
  sample(TYPE.NXT, "B. A NS SOA MX", `${b} 62 01`, "end"),
  sample(TYPE.SRV, "1 2 443 B.", `0001 0002 01bb ${b}`),
  sample(
    TYPE.NAPTR,
    '100 10 "U" "E2U+sip" "!^.*$!sip:a@b!" .',
    "0064 000a 01 55 07 4532552b736970 0e 215e2e2a24217369703a61406221 00",
  ),
  sample(TYPE.CERT, "1 2 8 AQID", "0001 0002 08 010203", "end"),
  sample(TYPE.A6, "64 ::1:2:3:4 B.", `40 0001000200030004 ${b}`),
  sample(TYPE.A6, "0 2001:db8::1", "00 20010db8000000000000000000000001"),
  sample(TYPE.A6, "128 :: B.", `80 ${b}`),
  ...digests.map((type) => sample(type, "60485 13 2 D4B7D520", "ec45 0d 02 d4b7d520", "end")),
  ...keys.map((type) => sample(type, "257 3 8 AwEAAQ==", "0101 03 08 03010001", "end")),
  sample(TYPE.SSHFP, "2 1 123456789ABCDEF0", "02 01 123456789abcdef0", "end"),
  ...[TYPE.RRSIG, TYPE.SIG].map((type) =>
    sample(
      type,
      `TLSA 13 4 3600 ${times} 4660 B. AQID`,
      `0034 0d 04 00000e10 69af5f00 69a38180 1234 ${b} 010203`,
      "end",
    ),
  ),
  sample(
    TYPE.NSEC,
    "B. A NS MX RRSIG NSEC TYPE1234",
    `${b} 00 06 60 01 00 00 00 03 04 1b 000000000000000000000000000000000000000000000000000020`,
  ),
  sample(
    TYPE.NSEC3,
    "1 1 12 AABBCCDD 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG",
    "01 01 000c 04 aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 00 06 400000000002",
  ),
  sample(TYPE.NSEC3, "1 0 0 - 00", "01 00 0000 00 01 00"),
  sample(TYPE.NSEC3PARAM, "1 0 12 AABBCCDD", "01 00 000c 04 aabbccdd"),
  sample(TYPE.NSEC3PARAM, "1 0 0 -", "01 00 0000 00"),
  sample(TYPE.DHCID, "AAIBY2/AuA==", "000201636fc0b8", "end"),
  ...[TYPE.TLSA, TYPE.SMIMEA].map((type) => sample(type, "3 1 1 D2ABDE24", "03 01 01 d2abde24", "end")),
  sample(TYPE.OPENPGPKEY, "AQID", "010203", "end"),
  sample(TYPE.CSYNC, "66 3 A NS AAAA", "00000042 0003 00 04 60000008"),
  sample(TYPE.ZONEMD, "2018031500 1 1 FEBE3D4C", "7848b78c 01 01 febe3d4c", "end"),
  sample(TYPE.SVCB, "0 B.", `0000 ${b}`, "end"),
  sample(
    TYPE.HTTPS,
    '1 . mandatory=alpn,port alpn="h2,h3" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1',
    "0001 00 0000 0004 0001 0003 0001 0006 02 6832 02 6833 0003 0002 20fb 0004 0008 c0000201 c0000202 0006 0010 20010db8000000000000000000000001",
    "end",
  ),
  sample(TYPE.NID, "10 0014:4fff:ff20:ee64", "000a 00144fffff20ee64"),
  sample(TYPE.L32, "10 10.1.2.0", "000a 0a010200"),
  sample(TYPE.L64, "10 2001:0db8:1140:1000", "000a 20010db811401000"),
  sample(TYPE.EUI48, "00-00-5e-00-53-2a", "00005e00532a"),
  sample(TYPE.EUI64, "00-00-5e-ef-10-00-00-2a", "00005eef1000002a"),
  sample(TYPE.URI, '10 1 "ftp://a/"', "000a 0001 6674703a2f2f612f", "end"),
  sample(TYPE.CAA, '128 issue "ca.example"', "80 05 6973737565 63612e6578616d706c65", "end"),
  sample(TYPE.CAA, '0 " ;" ""', "00 02 203b"),
];
