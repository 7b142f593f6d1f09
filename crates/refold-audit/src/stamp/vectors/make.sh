#!/bin/sh
# Makes the vectors again, with OpenSSL 3: authorities that are valid for a hundred years, a stamp of `data` of each, and
# lists of revoked certificates, of a time behind that of the stamps.
# Keys are thrown away. Run it in this folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'refold.local/0123456789abcdef\n3\nAAAA\n' > data
cat > "$work/conf" <<'EOF'
[ca]
basicConstraints = critical, CA:true
[stamps]
extendedKeyUsage = critical, timeStamping
[lax]
extendedKeyUsage = timeStamping
[mixed]
extendedKeyUsage = critical, timeStamping, codeSigning
[lists]
database = WORK/index
default_md = sha256
[some]
issuingDistributionPoint = critical, @some_point
[some_point]
onlysomereasons = keyCompromise
[users]
issuingDistributionPoint = critical, @users_point
[users_point]
onlyuser = TRUE
[elsewhere]
issuingDistributionPoint = critical, @elsewhere_point
[elsewhere_point]
fullname = URI:http://lists.example/2.crl
[tsa]
serial = WORK/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
clock_precision_digits = 3
[tsa_old]
serial = WORK/serial
signer_digest = sha512
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha1
EOF
rsa="-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
p256="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
sed -i "s#WORK#$work#" "$work/conf"
# NAME KEY EXTENSIONS [ISSUER]: an authority that the issuer vouches for.
authority() {
    openssl genpkey -quiet $2 -out "$work/$1.key"
    openssl req -new -key "$work/$1.key" -subj "/O=Vectors/CN=Time Stamps of $1" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/${4:-root}.pem" -CAkey "$work/${4:-root}.key" -days 36500 \
        -extfile "$work/conf" -extensions "$3" -out "$work/$1.pem" 2> /dev/null
}
# NAME SECTION DIGEST [CHAIN]: a stamp with its certificate.
stamp() {
    openssl ts -query -data data "-$3" -cert -out "$work/query" 2> /dev/null
    openssl ts -reply -config "$work/conf" -section "$2" -queryfile "$work/query" -signer "$work/$1.pem" \
        -inkey "$work/$1.key" -chain "${4:-root.pem}" -out "$1.tsr" 2> /dev/null
}
# NAME ISSUER MADE EXTENSIONS [CERTIFICATE DATE[,REASON]]...: the certificates of an issuer that are revoked.
revoked() {
    list=$1 issuer=$2 made=$3 extensions=$4
    shift 4
    : > "$work/index"
    while [ $# -gt 0 ]; do
        serial=$(openssl x509 -in "$work/$1.pem" -noout -serial | cut -d= -f2)
        printf 'R\t491231235959Z\t%s\t%s\tunknown\t/CN=%s\n' "$2" "$serial" "$1" >> "$work/index"
        shift 2
    done
    openssl ca -config "$work/conf" -name lists -gencrl -cert "$work/$issuer.pem" -keyfile "$work/$issuer.key" \
        -crl_lastupdate "$made" -crl_nextupdate 20280101000000Z ${extensions:+-crlexts "$extensions"} -out "$list.crl" 2> /dev/null
}
for root in root other twin; do
    name=$root
    # It goes by the name of the root, and has another key.
    [ "$root" != twin ] || name=root
    openssl genpkey -quiet $p256 -out "$work/$root.key"
    openssl req -x509 -new -key "$work/$root.key" -subj "/O=Vectors/CN=$name" -days 36500 -config "$work/conf" \
        -extensions ca -out "$work/$root.pem"
    [ "$root" = twin ] || cp "$work/$root.pem" .
done
# Another stands between the root and this one, and names no purpose, as many do.
authority middle "$p256" ca
authority below "$p256" stamps middle
authority rsa "$rsa" stamps
authority p384 "-algorithm EC -pkeyopt ec_paramgen_curve:P-384" stamps
authority old "$rsa" stamps
authority lax "$p256" lax
authority mixed "$p256" mixed
stamp rsa tsa sha256
stamp p384 tsa sha384
stamp old tsa_old sha512
stamp below tsa sha256 "$work/middle.pem"
# OpenSSL makes no stamps with a certificate that is not for stamps alone: what it stamped is signed again.
openssl ts -reply -in rsa.tsr -token_out -out "$work/token" 2> /dev/null
openssl cms -verify -noverify -inform DER -in "$work/token" -out "$work/info" 2> /dev/null
for name in lax mixed; do
    openssl cms -sign -binary -nodetach -cades -md sha256 -econtent_type 1.2.840.113549.1.9.16.1.4 -in "$work/info" \
        -signer "$work/$name.pem" -inkey "$work/$name.key" -certfile root.pem -outform DER -out "$work/token"
    openssl ts -reply -in "$work/token" -token_in -out "$name.tsr" 2> /dev/null
done
later=20270101000000Z
revoked clean root "$later" ""
revoked middle middle "$later" ""
revoked users root "$later" users
revoked some root "$later" some
revoked elsewhere root "$later" elsewhere
revoked twin twin "$later" ""
revoked other other "$later" ""
revoked early root 20260101000000Z ""
revoked compromised root "$later" "" rsa 261231000000Z,keyCompromise p384 261231000000Z
revoked superseded root "$later" "" rsa 261231000000Z,superseded p384 260101000000Z,superseded \
    old 261231000000Z middle 261231000000Z,cessationOfOperation
revoked authority root "$later" "" middle 261231000000Z,CACompromise
