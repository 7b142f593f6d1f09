#!/bin/sh
# Checks who signed an anchor, a proof or a report of Refold, and that its files are whole, with sha256sum, minisign and openssl alone.
#
#     sh verify.sh FOLDER KEY
#
# KEY is the public key of minisign as it prints it (RW…), from elsewhere than the folder.
# Whether a proof holds is for verify.py to say: of a proof the checkpoint alone is signed, and this says that nobody but the owner
# of the key can have signed its root. Who changed anything else could have made the list of its files anew.
set -eu
[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
key=$2
cd "$1"
sha256sum --check --strict --quiet SHA256SUMS
listed=$(sed 's/^[0-9a-f]*  //' SHA256SUMS | LC_ALL=C sort)
there=$(ls -A | grep -vxF -e SHA256SUMS -e SHA256SUMS.minisig | LC_ALL=C sort)
[ "$listed" = "$there" ] || { echo "BROKEN it holds what is not in its list"; exit 1; }
if [ -e manifest.json ]; then
    minisign -V -q -m SHA256SUMS -P "$key"
    echo "OK whole, and signed by $key"
    exit 0
elif [ -e anchor.json ]; then
    minisign -V -q -m SHA256SUMS -P "$key"
    checkpoints=checkpoint
    said="OK whole, and signed by $key"
else
    said="OK the root of the checkpoint is signed by $key; the files are those of their list, which nobody signed: whether they belong to this root is for verify.py to say"
    checkpoints=$(ls event.tlog-proof older.checkpoint newer.checkpoint 2>/dev/null || true)
fi
[ -n "$checkpoints" ] || { echo "there is no checkpoint in it" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
# To openssl a key is its 32 bytes behind a head that is always the same.
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf %s "$key" | base64 -d | tail -c 32; } > "$work/key"
for file in $checkpoints; do
    case $file in
        *.tlog-proof) sed '1,/^$/d' "$file" > "$work/note" ;;
        *) cp "$file" "$work/note" ;;
    esac
    head -n 3 "$work/note" > "$work/signed"
    sed -n '5p' "$work/note" | cut -d ' ' -f 3 | base64 -d | tail -c 64 > "$work/signature"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" -rawin -in "$work/signed" -sigfile "$work/signature" > "$work/said" \
        || { echo "BROKEN $file: its signature does not fit"; exit 1; }
done
echo "$said"
