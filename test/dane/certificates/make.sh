#!/bin/sh
# Makes the certificates of these tests anew, here, with OpenSSL 3. Keys are for tests only. Dates are fixed: all are valid
# from 2020 to 2119, but those called "expired".
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/index.txt"
echo 'unique_subject = no' > "$work/index.txt.attr"
echo 1000 > "$work/serial"
cat > "$work/ca.cnf" <<EOF
[ca]
default_ca = it
[it]
dir = $work
database = $work/index.txt
serial = $work/serial
new_certs_dir = $work
policy = any
default_md = sha256
[any]
commonName = optional
[req]
distinguished_name = dn
[dn]
EOF

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }
# certificate NAME KEY ISSUER ISSUER-KEY COMMON-NAME EXTENSIONS [OPTION…]; ISSUER "self" for a self-signed one
certificate() {
  name=$1 key=$2 issuer=$3 issuerKey=$4 cn=$5 extensions=$6
  shift 6
  openssl req -new -config "$work/ca.cnf" -key "$key.key" -subj "/CN=$cn" -out "$work/$name.csr"
  printf '%b' "$extensions" > "$work/$name.ext"
  if [ "$issuer" = self ]; then by="-selfsign -keyfile $key.key"; else by="-cert $issuer.pem -keyfile $issuerKey.key"; fi
  openssl ca -batch -notext -config "$work/ca.cnf" $by -startdate 20200101000000Z -enddate 21191231235959Z "$@" \
    -in "$work/$name.csr" -extfile "$work/$name.ext" -out "$name.pem" 2>/dev/null
}
past='-startdate 20200101000000Z -enddate 20210101000000Z'
ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
ee='basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'

for k in root other intermediate sub leaf; do key "$k"; done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key 2>/dev/null

certificate root root self - 'Root' "$ca"
certificate root-expired root self - 'Root' "$ca" $past
certificate other other self - 'Other Root' "$ca"
certificate intermediate intermediate root root 'Intermediate' "$ca"
certificate intermediate-expired intermediate root root 'Intermediate' "$ca" $past
certificate intermediate-no-ca intermediate root root 'Intermediate' 'basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\n'
# the same name and key identifier as the true one, another key
certificate intermediate-forged other self - 'Intermediate' "basicConstraints=critical,CA:TRUE\n"
certificate intermediate-client intermediate root root 'Intermediate' "${ca}extendedKeyUsage=clientAuth\n"
certificate intermediate-short intermediate root root 'Intermediate' 'basicConstraints=critical,CA:TRUE,pathlen:0\nsubjectKeyIdentifier=hash\n'
certificate intermediate-narrow intermediate root root 'Intermediate' "${ca}nameConstraints=critical,permitted;DNS:allowed.example\n"
certificate intermediate-without intermediate root root 'Intermediate' "${ca}nameConstraints=critical,excluded;DNS:ta.lab\n"
certificate intermediate-wide intermediate root root 'Intermediate' "${ca}nameConstraints=critical,permitted;DNS:.lab,permitted;DNS:lab\n"
certificate intermediate-by-other intermediate other other 'Intermediate' "$ca"
certificate sub sub intermediate intermediate 'Sub' "$ca"

leaf() { name=$1 san=$2; shift 2; certificate "$name" leaf intermediate intermediate 'Leaf' "${ee}subjectAltName=$san\n" "$@"; }
certificate self-expired leaf self - 'wrong.example' "$ee" $past
leaf leaf DNS:mx.ta.lab
leaf leaf-domain DNS:ta.lab
leaf leaf-elsewhere DNS:elsewhere.example
leaf leaf-expired DNS:mx.ta.lab $past
leaf leaf-future DNS:mx.ta.lab -startdate 21000101000000Z
leaf leaf-wildcard 'DNS:*.ta.lab'
leaf leaf-partial-wildcard 'DNS:m*.ta.lab'
leaf leaf-sha1 DNS:mx.ta.lab -md sha1
certificate leaf-cn leaf intermediate intermediate 'mx.ta.lab' "$ee"
certificate leaf-cn-and-san leaf intermediate intermediate 'mx.ta.lab' "${ee}subjectAltName=DNS:elsewhere.example\n"
certificate leaf-client leaf intermediate intermediate 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\nextendedKeyUsage=clientAuth\n"
certificate leaf-critical leaf intermediate intermediate 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n1.3.6.1.4.1.99999.1=critical,ASN1:NULL\n"
certificate leaf-rsa rsa intermediate intermediate 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-by-root leaf root root 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-by-sub leaf sub sub 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-ca leaf self - 'mx.ta.lab' "${ca}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-ca-again leaf self - 'mx.ta.lab' "${ca}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-no-tls leaf intermediate intermediate 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\nkeyUsage=cRLSign\n"
certificate authority-weak weak self - 'Weak' "$ca"
certificate leaf-by-weak leaf authority-weak weak 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n"
certificate authority-rsa rsa self - 'Strong' "$ca"
certificate leaf-by-rsa leaf authority-rsa rsa 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n"
certificate leaf-pss leaf authority-rsa rsa 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n" -sigopt rsa_padding_mode:pss
certificate leaf-pss-sha1 leaf authority-rsa rsa 'Leaf' "${ee}subjectAltName=DNS:mx.ta.lab\n" -sigopt rsa_padding_mode:pss -md sha1
