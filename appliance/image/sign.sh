#!/bin/bash
# sign.sh FOLDER [KEY]: signs SHA256SUMS there (ECDSA P-256, SHA-256, detached). Without a key a throw-away one is made, kept beside and named as such: nobody should trust it.
set -euo pipefail
folder=$1 key=${2:-${CIRT_RELEASE_KEY:-}}
if [ -z "$key" ]; then
  key="$folder/cache/development.pem"
  if [ ! -s "$key" ]; then
    mkdir -p "$folder/cache"
    (umask 077; openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$key")
  fi
  printf 'Signed with a throw-away key of a development build. Not a release: install it nowhere that matters.\n' > "$folder/DEVELOPMENT-BUILD"
else
  rm -f "$folder/DEVELOPMENT-BUILD"
fi
openssl pkey -in "$key" -pubout -out "$folder/release.pub"
openssl dgst -sha256 -sign "$key" -out "$folder/SHA256SUMS.sig" "$folder/SHA256SUMS"
openssl dgst -sha256 -verify "$folder/release.pub" -signature "$folder/SHA256SUMS.sig" "$folder/SHA256SUMS" >/dev/null
