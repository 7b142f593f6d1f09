#!/bin/sh
# Makes the vectors again, with OpenSSL 3: authorities that are valid for a hundred years, and a stamp of `data` of each.
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
for root in root other; do
    openssl genpkey -quiet $p256 -out "$work/$root.key"
    openssl req -x509 -new -key "$work/$root.key" -subj "/O=Vectors/CN=$root" -days 36500 -config "$work/conf" \
        -extensions ca -out "$work/$root.pem"
    cp "$work/$root.pem" .
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
