/**
 * RFC 5155 Appendix A: the zone "example." signed with NSEC3, opt-out set, 12 iterations and a salt, with its own keys and
 * signatures. Algorithm 7 with keys of 512 bits, signatures from 2005-10-21 to 2015-04-20.
 */

const zsk = "20150420235959 20051021000000 40430 example.";
const ksk = "20150420235959 20051021000000 12708 example.";
const chain = "1 1 12 aabbccdd";

export const VALID_AT = Date.UTC(2010, 0, 1) / 1000;

export const zone = `
example. SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600
example. RRSIG SOA 7 1 3600 ${zsk} Hu25UIyNPmvPIVBrldN+9Mlp9Zql39qaUd8iq4ZLlYWfUUbbAS41pG+68z81q1xhkYAcEyHdVI2LmKusbZsT0Q==
example. NS ns1.example.
example. NS ns2.example.
example. RRSIG NS 7 1 3600 ${zsk} PVOgtMK1HHeSTau+HwDWC8Ts+6C8qtqd4pQJqOtdEVgg+MA+ai4fWDEhu3qHJyLcQ9tbD2vvCnMXjtz6SyObxA==
example. MX 1 xx.example.
example. RRSIG MX 7 1 3600 ${zsk} GgQ1A9xs47k42VPvpL/a1BWUz/6XsnHkjotw9So8MQtZtl2wJBsnOQsaoHrRCrRbyriEl/GZn9Mto/Kx+wBo+w==
example. DNSKEY 256 3 7 AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE=
example. DNSKEY 257 3 7 AwEAAcUlFV1vhmqx6NSOUOq2R/dsR7Xm3upJj7IommWSpJABVfW8Q0rOvXdM6kzt+TAu92L9AbsUdblMFin8CVF3n4s=
example. RRSIG DNSKEY 7 1 3600 ${ksk} AuU4juU9RaxescSmStrQks3Gh9FblGBlVU31uzMZ/U/FpsUb8aC6QZS+sTsJXnLnz7flGOsmMGQZf3bH+QsCtg==
example. NSEC3PARAM 1 0 12 aabbccdd
example. RRSIG NSEC3PARAM 7 1 3600 ${zsk} C1Gl8tPZNtnjlrYWDeeUV/sGLCyy/IHie2rerN05XSA3Pq0U3+4VvGWYWdUMfflOdxqnXHwJTLQsjlkynhG6Cg==
2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. A 192.0.2.127
2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. RRSIG A 7 2 3600 ${zsk} h6c++bzhRuWWt2bykN6mjaTNBcXNq5UuL5EdK+iDP4eY8I0kSiKaCjg3tC1SQkeloMeub2GWk8p6xHMPZumXlw==
a.example. NS ns1.a.example.
a.example. NS ns2.a.example.
a.example. DS 58470 5 1 3079f1593ebad6dc121e202a8b766a6a4837206c
a.example. RRSIG DS 7 2 3600 ${zsk} XacFcQVHLVzdoc45EJhN616zQ4mEXtE8FzUhM2KWjfy1VfRKD9r1MeVGwwoukOKgJxBPFsWoo722vZ4UZ2dIdA==
ns1.a.example. A 192.0.2.5
ns2.a.example. A 192.0.2.6
ai.example. A 192.0.2.9
ai.example. RRSIG A 7 2 3600 ${zsk} hVe+wKYMlObTRPhX0NL67GxeZfdxqr/QeR6FtfdAj5+FgYxyzPEjIzvKWy00hWIl6wD3Vws+rznEn8sQ64UdqA==
ai.example. HINFO "KLH-10" "ITS"
ai.example. RRSIG HINFO 7 2 3600 ${zsk} Yi42uOq43eyO6qXHNvwwfFnIustWgV5urFcxenkLvs6pKRh00VBjODmf3Z4nMO7IOl6nHSQ1v0wLHpEZG7Xj2w==
ai.example. AAAA 2001:db8::f00:baa9
ai.example. RRSIG AAAA 7 2 3600 ${zsk} LcdxKaCB5bGZwPDg+3JJ4O02zoMBrjxqlf6WuaHQZZfTUpb9Nf2nxFGe2XRPfR5tpJT6GdRGcHueLuXkMjBArQ==
c.example. NS ns1.c.example.
c.example. NS ns2.c.example.
ns1.c.example. A 192.0.2.7
ns2.c.example. A 192.0.2.8
ns1.example. A 192.0.2.1
ns1.example. RRSIG A 7 2 3600 ${zsk} bu6kx73n6XEunoVGuRfAgY7EF/AJqHy7hj0jkiqJjB0dOrx3wuz9SaBeGfqWIdn/uta3SavN4FRvZR9SCFHF5Q==
ns2.example. A 192.0.2.2
ns2.example. RRSIG A 7 2 3600 ${zsk} ktQ3TqE0CfRfki0Rb/Ip5BM0VnxelbuejCC4zpLbFKA/7eD7UNAwxMgxJPtbdST+syjYSJaj4IHfeX6n8vfoGA==
*.w.example. MX 1 ai.example.
*.w.example. RRSIG MX 7 2 3600 ${zsk} CikebjQwGQPwijVcxgcZcSJKtfynugtlBiKb9FcBTrmOoyQ4InoWVudhCWsh/URX3lc4WRUMivEBP6+4KS3ldA==
x.w.example. MX 1 xx.example.
x.w.example. RRSIG MX 7 3 3600 ${zsk} IrK3tq/tHFIBF0scHiE/1IwMAvckS/55hAVvQyxTFbkAdDloP3NbZzu+yoSsr3b3OX6qbBpY7WCtwwekLKRAwQ==
x.y.w.example. MX 1 xx.example.
x.y.w.example. RRSIG MX 7 4 3600 ${zsk} MqSt5HqJIN8+SLlzTOImrh5h9Xa6gDvAW/GnnbdPc6Z7nXvCpLPJj/5lCwx3VuzVOjkbvXze8/8Ccl2Zn2hbug==
xx.example. A 192.0.2.10
xx.example. RRSIG A 7 2 3600 ${zsk} T35hBWEZ017VC5u2c4OriKyVn/pu+fVK4AlXYOxJ6iQylfV2HQIKjv6b7DzINB3aF/wjJqgXpQvhq+Ac6+ZiFg==
xx.example. HINFO "KLH-10" "TOPS-20"
xx.example. RRSIG HINFO 7 2 3600 ${zsk} KimG+rDd+7VA1zRsu0ITNAQUTRlpnsmqWrihFRnU+bRa93v2e5oFNFYCs3Rqgv62K93N7AhW6Jfqj/8NzWjvKg==
xx.example. AAAA 2001:db8::f00:baaa
xx.example. RRSIG AAAA 7 2 3600 ${zsk} IXBcXORITNwd8h3gNwyxtYFvAupS/CYWufVeuBUX0O25ivBCULjZjpDxFSxfohb/KA7YRdxENzYfMItpILl/Xw==
0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3 ${chain} 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM
0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. RRSIG NSEC3 7 2 3600 ${zsk} OSgWSm26B+cS+dDL8b5QrWr/dEWhtCsKlwKLIBHYH6blRxK9rC0bMJPwQ4mLIuw85H2EY762BOCXJZMnpuwhpA==
2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 ${chain} 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG
2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. RRSIG NSEC3 7 2 3600 ${zsk} OmBvJ1Vgg1hCKMXHFiNeIYHK9XVW0iLDLwJN4TFoNxZuP03gAXEI634YwOc4YBNITrj413iqNI6mRk/r1dOSUw==
2vptu5timamqttgl4luu9kg21e0aor3s.example. NSEC3 ${chain} 35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG
2vptu5timamqttgl4luu9kg21e0aor3s.example. RRSIG NSEC3 7 2 3600 ${zsk} KL1V2oFYghNV0Hm7Tf2vpJjM6l+0g1JCcVYGVfI0lKrhPmTsOA96cLEACgo1x8I7kApJX+obTuktZ+sdsZPY1w==
35mthgpgcu1qg68fab165klnsnk3dpvl.example. NSEC3 ${chain} b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG
35mthgpgcu1qg68fab165klnsnk3dpvl.example. RRSIG NSEC3 7 2 3600 ${zsk} g6jPUUpduAJKRljUsN8gB4UagAX0NxY9shwQAynzo8EUWH+z6hEIBlUTPGj15eZll6VhQqgZXtAIR3chwgW+SA==
b4um86eghhds6nea196smvmlo4ors995.example. NSEC3 ${chain} gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG
b4um86eghhds6nea196smvmlo4ors995.example. RRSIG NSEC3 7 2 3600 ${zsk} ZkPG3M32lmoHM6pa3D6gZFGB/rhL//Bs3Omh5u4m/CUiwtblEVOaAKKZd7S959OeiX43aLX3pOv0TSTyiTxIZg==
gjeqe526plbf1g8mklp59enfd789njgi.example. NSEC3 ${chain} ji6neoaepv8b5o6k4ev33abha8ht9fgc A HINFO AAAA RRSIG
gjeqe526plbf1g8mklp59enfd789njgi.example. RRSIG NSEC3 7 2 3600 ${zsk} IVnezTJ9iqblFF97vPSmfXZ5Zozngx3KX3byLTZC4QBH2dFWhf6scrGFZB980AfCxoD9qbbKDy+rdGIeRSVNyw==
ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. NSEC3 ${chain} k8udemvp1j2f7eg6jebps17vp3n8i58h
ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. RRSIG NSEC3 7 2 3600 ${zsk} gPkFp1s2QDQ6wQzcg1uSebZ61W33rUBDcTj72F3kQ490fEdp7k1BUIfbcZtPbX3YCpE+sIt0MpzVSKfTwx4uYA==
k8udemvp1j2f7eg6jebps17vp3n8i58h.example. NSEC3 ${chain} kohar7mbb8dc2ce8a9qvl8hon4k53uhi
k8udemvp1j2f7eg6jebps17vp3n8i58h.example. RRSIG NSEC3 7 2 3600 ${zsk} FtXGbvF0+wf8iWkyo73enAuVx03klN+pILBKS6qCcftVtfH4yVzsEZquJ27NHR7ruxJWDNMtOtx7w9WfcIg62A==
kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example. NSEC3 ${chain} q04jkcevqvmu85r014c7dkba38o0ji5r A RRSIG
kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example. RRSIG NSEC3 7 2 3600 ${zsk} VrDXs2uVW21N08SyQIz88zml+y4ZCInTwgDr6zz43yAg+LFERjOrj3Ojct51ac7Dp4eZbf9FQJazmASFKGxGXg==
q04jkcevqvmu85r014c7dkba38o0ji5r.example. NSEC3 ${chain} r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG
q04jkcevqvmu85r014c7dkba38o0ji5r.example. RRSIG NSEC3 7 2 3600 ${zsk} hV5I89b+4FHJDATp09g4bbN0R1F845CaXpL3ZxlMKimoPAyqletMlEWwLfFia7sdpSzn+ZlNNlkxWcLsIlMmUg==
r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. NSEC3 ${chain} t644ebqk9bibcna874givr6joj62mlhv MX RRSIG
r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. RRSIG NSEC3 7 2 3600 ${zsk} aupviViruXs4bDg9rCbezzBMf9h1ZlDvbW/CZFKulIGXXLj8B/fsDJarXVDA9bnUoRhEbKp+HF1FWKW7RIJdtQ==
t644ebqk9bibcna874givr6joj62mlhv.example. NSEC3 ${chain} 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A HINFO AAAA RRSIG
t644ebqk9bibcna874givr6joj62mlhv.example. RRSIG NSEC3 7 2 3600 ${zsk} RAjGECB8P7O+F4Pa4Dx3tC0M+Z3KmlLKImcafb9XWwx+NWUNz7NBEDBQHivIyKPVDkChcePIX1xPl1ATNa+8Dw==
`;
