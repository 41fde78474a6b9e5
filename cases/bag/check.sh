#!/bin/bash
# Checks this bag with bash, sha256sum, ssh-keygen and a stock duckdb, and says what is altered. It writes nothing here.
#
#   bash check.sh [--signers FILE [--identity NAME]]
#
# FILE of --signers is an allowed_signers file of ssh-keygen(1): who must have signed the bag, and sealed the case in it; NAME is who
# it calls so (examiner).
set -u -o pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
signers='' identity=examiner
while [ $# -gt 1 ]; do
  case $1 in
    --signers) signers=$(cd "$OLDPWD" && cd "$(dirname "$2")" && pwd)/$(basename "$2") ;;
    --identity) identity=$2 ;;
    *) echo "check.sh: $1 is not known" >&2; exit 2 ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { echo "check.sh: $1 is not known, or lacks its value" >&2; exit 2; }
failed=0
bad() { printf 'ALTERED: %s\n' "$1"; failed=1; }
well() { printf 'well: %s\n' "$1"; }
skip() { printf 'not checked: %s\n' "$1"; }
hash_of() { local sum; sum=$(sha256sum < "$1") && printf '%s' "${sum%% *}"; }

# Neither links nor devices, and no name that could not be ours: nothing is opened before.
others=$(find . ! -type f ! -type d | head -n 3)
[ -z "$others" ] || { bad "no file of its own: $others"; exit 3; }
names=$(find . -mindepth 1 | sed 's|^\./||' | grep -vE '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$' | head -n 3)
[ -z "$names" ] || { bad "a name that no file of a bag has: $names"; exit 3; }

# 1. The bag: every file is as the manifests say, and every file is in one.
[ "$(cat bagit.txt 2>/dev/null)" = "$(printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8')" ] || bad bagit.txt
for manifest in tagmanifest-sha256.txt manifest-sha256.txt; do
  if out=$(sha256sum --check --quiet --strict "$manifest" 2>&1); then well "the files of $manifest"; else bad "$manifest: $out"; fi
done
listed() { sed 's/^[0-9a-f]*  //' tagmanifest-sha256.txt manifest-sha256.txt 2>/dev/null; echo tagmanifest-sha256.txt; echo tagmanifest-sha256.txt.sig; }
extra=$(find . -type f | sed 's|^\./||' | sort | comm -23 - <(listed | sort))
[ -z "$extra" ] || bad "no manifest names: $extra"
twice=$(listed | sort | uniq -d)
[ -z "$twice" ] || bad "named twice: $twice"
sed 's/^[0-9a-f]*  //' manifest-sha256.txt | grep -v '^data/' && bad 'manifest-sha256.txt names a file outside of data'
files=$(find data -type f | wc -l)
bytes=$(find data -type f -exec wc -c {} + | grep ' data/' | { n=0; while read -r size name; do n=$((n + size)); done; echo "$n"; })
[ "$(grep -c '^Payload-Oxum: ' bag-info.txt)" = 1 ] && grep -qx "Payload-Oxum: $((bytes)).$((files))" bag-info.txt || bad "bag-info.txt: the payload is $bytes bytes in $files files"

# 2. Who has signed it.
signed() { # file, namespace
  if [ -n "$signers" ]; then
    ssh-keygen -Y verify -f "$signers" -I "$identity" -n "$2" -s "$1.sig" < "$1" 2>&1
  else
    ssh-keygen -Y check-novalidate -n "$2" -s "$1.sig" < "$1" 2>&1
  fi
}
if [ -f tagmanifest-sha256.txt.sig ]; then
  if out=$(signed tagmanifest-sha256.txt case53-bag@v1); then well "the bag: $out"; else bad "tagmanifest-sha256.txt.sig: $out"; fi
elif [ -n "$signers" ]; then
  bad 'tagmanifest-sha256.txt.sig: the bag is not signed, or its signature was taken away'
else
  skip 'the bag is not signed'
fi
cd data || exit 1

# 3. The source objects are named by their hashes, and the custody log is a chain that names them.
odd=$(find raw -type f | grep -v '^raw/\([0-9a-f][0-9a-f]\)/\1[0-9a-f]\{62\}$')
[ -z "$odd" ] || bad "no source object: $odd"
if out=$(find raw -type f | sed 's|.*/\(.*\)|\1  &|' | sha256sum --check --quiet --strict 2>&1); then
  well 'the source objects have the hashes that they are named by'
else
  bad "raw: $out"
fi
prev=$(printf '%064d' 0) n=0 broken='' line=''
while IFS= read -r line; do
  n=$((n + 1))
  case $line in
    "{\"seq\":$n,\"prev\":\"$prev\","*) ;;
    *) broken="line $n does not follow line $((n - 1))"; line=''; break ;;
  esac
  prev=$(printf '%s' "$line" | sha256sum)
  prev=${prev%% *}
  line=''
done < custody.jsonl
[ -z "$line" ] || broken='the last line has no end'
[ "$(tr -d '\000' < custody.jsonl | wc -c)" -eq "$(wc -c < custody.jsonl)" ] || broken='it has NUL bytes'
if [ -z "$broken" ]; then well "the custody log: $n lines, head $prev"; else bad "custody.jsonl: $broken"; fi
missing=$(grep -o '"sha256":"[0-9a-f]*"' custody.jsonl | cut -d '"' -f 4 | sort -u | sed 's|^\(..\)|raw/\1/\1|' |
  while read -r path; do [ -f "$path" ] || echo "$path"; done)
[ -z "$missing" ] || bad "the custody log names, and there is not: $missing"
if grep -E '"action":"object\.(load|reconcile)"' custody.jsonl | while IFS= read -r line; do
    object=$(printf '%s\n' "$line" | grep -o '"sha256":"[0-9a-f]\{64\}"' | cut -d '"' -f 4)
    printf '%s\n' "$line" | grep -o '"[a-z0-9_]*":{"rows":[0-9]*,"digest":"[0-9a-f]\{64\}"' |
      sed "s|\"\([^\"]*\)\":{\"rows\":[0-9]*,\"digest\":\"\(.*\)\"|\2  \1/$object|"
  done | sort | cmp -s - digests.txt; then
  well 'digests.txt has the digests of the custody log'
else
  bad 'digests.txt: it does not have the digests of the custody log'
fi

# 4. The seal. case.duckdb was sealed too, and is not handed over.
if [ -f seal/seal.json ]; then
  if out=$(signed seal/seal.json case53-seal@v1); then well "the seal: $out"; else bad "seal/seal.json.sig: $out"; fi
  grep -q "\"manifest_sha256\": \"$(hash_of seal/manifest-sha256.txt)\"" seal/seal.json || bad 'seal/manifest-sha256.txt: it is not what was sealed'
  grep -q "\"digests_sha256\": \"$(hash_of seal/digests.txt)\"" seal/seal.json || bad 'seal/digests.txt: it is not what was sealed'
  if out=$(grep -v '  case\.duckdb$' seal/manifest-sha256.txt | sha256sum --check --quiet --strict 2>&1); then
    well 'the files that were sealed'
  else
    bad "seal/manifest-sha256.txt: $out"
  fi
  unsealed=$(find raw -type f | sort | comm -23 - <(sed 's/^[0-9a-f]*  //' seal/manifest-sha256.txt | sort))
  [ -z "$unsealed" ] || bad "not sealed: $unsealed"
  grep -q "\"head\": \"$prev\"" seal/seal.json || bad 'custody.jsonl: its head is not the one that was sealed'
  cmp -s seal/digests.txt digests.txt || bad 'digests.txt: they are not those that were sealed'
else
  skip 'the case is not sealed: only the signature of the bag, if any, vouches for it'
fi

# 5. The rows are those whose digests were noted when the objects were loaded.
if ! command -v duckdb > /dev/null; then
  skip 'the rows of store: no duckdb is here'
else
  work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
  if duckdb -bail "$work/case.duckdb" < store.sql > "$work/said" 2>&1 &&
    duckdb -bail -noheader -list "$work/case.duckdb" < digests.sql > "$work/digests.sql" 2> "$work/said" &&
    duckdb -bail -noheader -list "$work/case.duckdb" < "$work/digests.sql" 2> "$work/said" | sort > "$work/digests.txt"; then
    if cmp -s "$work/digests.txt" digests.txt; then
      well 'the rows of store have the digests that were noted when they were loaded'
    else
      bad "store: $(diff "$work/digests.txt" digests.txt | sed -n 's/^> //p' | head -n 3)"
    fi
  else
    bad "store: $(head -n 3 "$work/said")"
  fi
fi
[ "$failed" = 0 ] && echo 'all is well' || echo 'NOT as it was made'
[ "$failed" = 0 ] || exit 3
