#!/bin/bash
# Checks this bag with bash, sha256sum, ssh-keygen and a stock duckdb, and says what is altered. It writes nothing here.
#
#   bash check.sh [--signers FILE [--identity NAME]] [--timestamp-ca FILE]
#
# FILE of --timestamp-ca has the certificate, in PEM, of the authority that must have stamped the seal with a time: that needs openssl.
# FILE of --signers is an allowed_signers file of ssh-keygen(1): who must have signed the bag, and sealed the case in it; NAME is who
# it calls so (examiner).
#
# No SQL of the bag is run, and duckdb is not started where anything is altered: the SQL stands in this script, or is made by it of
# the first lines of data/store/*.txt, and can reach no other file. The script itself came with the bag: README.txt says how it is checked.
set -u -o pipefail
export LC_ALL=C
for tool in sha256sum ssh-keygen find sed grep sort comm cut uniq tr wc head diff cmp mktemp mkdir cat rm; do
  command -v "$tool" > /dev/null || { echo "check.sh: $tool is needed, and is not here" >&2; exit 2; }
done
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
signers='' authority='' identity=examiner
readable() { # file as it was named: its path from here
  local path
  path=$(cd "$OLDPWD" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
  [ -r "$path" ] || { echo "check.sh: $1 cannot be read" >&2; return 1; }
  printf '%s' "$path"
}
while [ $# -gt 1 ]; do
  case $1 in
    --signers) signers=$(readable "$2") || exit 2 ;;
    --timestamp-ca) authority=$(readable "$2") || exit 2 ;;
    --identity) identity=$2 ;;
    *) echo "check.sh: $1 is not known" >&2; exit 2 ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { echo "check.sh: $1 is not known, or lacks its value" >&2; exit 2; }
failed=0
say() { printf '%s: %s\n' "$1" "$2" | tr -c '\n -~' '?'; } # what the bag has put into it steers no terminal
bad() { say ALTERED "$1"; failed=1; }
well() { say well "$1"; }
skip() { say 'not checked' "$1"; }
hash_of() { local sum; sum=$(sha256sum < "$1") && printf '%s' "${sum%% *}"; }
# name is what a file of a bag can be called; sums checks the files that a manifest names, and that it has nothing but such lines:
# one of a device would never come to its end.
name='[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*'
sums() { # manifest, name in it that is left out
  local odd
  odd=$(grep -avE "^[0-9a-f]{64}  $name\$" "$1" | head -n 3)
  [ -z "$odd" ] || { printf 'no line of a manifest: %s' "$odd"; return 1; }
  grep -av "  $2\$" "$1" | sha256sum --check --quiet --strict 2>&1
}
signed() { # file, namespace
  if [ -n "$signers" ]; then
    ssh-keygen -Y verify -f "$signers" -I "$identity" -n "$2" -s "$1.sig" < "$1" 2>&1
  else
    ssh-keygen -Y check-novalidate -n "$2" -s "$1.sig" < "$1" 2>&1
  fi
}

# Neither links nor devices, and no name that could not be ours: nothing is opened before.
others=$(find . ! -type f ! -type d | head -n 3)
[ -z "$others" ] || { bad "no file of its own: $others"; exit 3; }
names=$(find . -mindepth 1 | sed 's|^\./||' | grep -vE "^$name\$" | head -n 3)
[ -z "$names" ] || { bad "a name that no file of a bag has: $names"; exit 3; }

# 1. Who has signed the bag.
if [ -f tagmanifest-sha256.txt.sig ]; then
  if out=$(signed tagmanifest-sha256.txt case53-bag@v1); then well "the bag: $out"; else bad "tagmanifest-sha256.txt.sig: $out"; fi
elif [ -n "$signers" ]; then
  bad 'tagmanifest-sha256.txt.sig: the bag is not signed, or its signature was taken away'
else
  skip 'the bag is not signed'
fi

# 2. Every file is as the manifests say, and every file is in one.
[ "$(cat bagit.txt 2>/dev/null)" = "$(printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8')" ] || bad bagit.txt
for manifest in tagmanifest-sha256.txt manifest-sha256.txt; do
  if out=$(sums "$manifest" ''); then well "the files of $manifest"; else bad "$manifest: $out"; fi
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

cd data || exit 1
work=$(mktemp -d) && mkdir "$work/lines" || exit 1
trap 'rm -rf "$work"' EXIT

# 3. The source objects are named by their hashes, and the custody log is a chain that names them.
odd=$(find raw -type f | grep -v '^raw/\([0-9a-f][0-9a-f]\)/\1[0-9a-f]\{62\}$')
[ -z "$odd" ] || bad "no source object: $odd"
if out=$(find raw -type f | sed 's|.*/\(.*\)|\1  &|' | sha256sum --check --quiet --strict 2>&1); then
  well 'the source objects have the hashes that they are named by'
else
  bad "raw: $out"
fi
# Each line is a file for a moment, so that one sha256sum hashes hundreds: a program for each line takes minutes.
batch() { # takes lines, which are the files 1, 2, ... of $work/lines; broken says which one does not follow
  local at=0 sum files=()
  [ ${#lines[@]} != 0 ] || return 0
  while [ $((at += 1)) -le ${#lines[@]} ]; do files+=("$at"); done
  at=0
  while read -r sum _; do
    n=$((n + 1))
    case ${lines[at]} in
      "{\"seq\":$n,\"prev\":\"$prev\","*) ;;
      *) broken="line $n does not follow line $((n - 1))"; return 1 ;;
    esac
    prev=$sum at=$((at + 1))
  done < <(cd "$work/lines" && sha256sum "${files[@]}")
  [ "$at" = ${#lines[@]} ] || { broken="line $((n + 1)) could not be hashed"; return 1; }
  lines=()
}
chain() { # file, what it is
  local n=0 broken='' line='' lines=()
  prev=$(printf '%064d' 0)
  while IFS= read -r line; do
    lines+=("$line")
    printf '%s' "$line" > "$work/lines/${#lines[@]}" || { broken='it cannot be hashed'; break; }
    line=''
    [ ${#lines[@]} -lt 500 ] || batch || break
  done < "$1"
  [ -n "$broken" ] || batch
  [ -n "$broken" ] || [ -z "$line" ] || broken='the last line has no end'
  [ "$(tr -d '\000' < "$1" | wc -c)" -eq "$(wc -c < "$1")" ] || broken='it has NUL bytes'
  if [ -z "$broken" ]; then well "$2: $n lines, head $prev"; else bad "$1: $broken"; fi
}
if [ -f notes.jsonl ]; then chain notes.jsonl 'the notes of examiners'; fi
chain custody.jsonl 'the custody log' # its head is compared with the seal's below
missing=$(grep -o '"sha256":"[0-9a-f]*"' custody.jsonl | cut -d '"' -f 4 | sort -u | sed 's|^\(..\)|raw/\1/\1|' |
  while read -r path; do [ -f "$path" ] || echo "$path"; done)
[ -z "$missing" ] || bad "the custody log names, and there is not: $missing"
noted() { # the digests of the lines of loading, as digests.txt has them
  local line token at='' object='' table digest each=()
  told() { for digest in ${each[@]+"${each[@]}"}; do printf '%s/%s\n' "$digest" "$object"; done; each=() object=''; }
  while IFS=: read -r line token; do
    [ "$line" = "$at" ] || told
    at=$line
    case $token in
      '"sha256":'*) object+=${token:10:64} ;;
      *) table=${token%%'":{'*} digest=${token%'"'}; each+=("${digest##*'"'}  ${table#'"'}") ;;
    esac
  done < <(grep -E '"action":"object\.(load|reconcile)"' custody.jsonl |
    grep -noE '"sha256":"[0-9a-f]{64}"|"[a-z0-9_]*":\{"rows":[0-9]*,"digest":"[0-9a-f]{64}"')
  told
}
if noted | sort | cmp -s - digests.txt; then
  well 'digests.txt has the digests of the custody log'
else
  bad 'digests.txt: it does not have the digests of the custody log'
fi

# 4. The seal. case.duckdb was sealed too, and is not handed over.
if [ -f seal/seal.json ]; then
  if out=$(signed seal/seal.json case53-seal@v1); then well "the seal: $out"; else bad "seal/seal.json.sig: $out"; fi
  grep -q "\"manifest_sha256\": \"$(hash_of seal/manifest-sha256.txt)\"" seal/seal.json || bad 'seal/manifest-sha256.txt: it is not what was sealed'
  grep -q "\"digests_sha256\": \"$(hash_of seal/digests.txt)\"" seal/seal.json || bad 'seal/digests.txt: it is not what was sealed'
  if out=$(sums seal/manifest-sha256.txt 'case\.duckdb'); then
    well 'the files that were sealed'
  else
    bad "seal/manifest-sha256.txt: $out"
  fi
  unsealed=$(find raw -type f | sort | comm -23 - <(sed 's/^[0-9a-f]*  //' seal/manifest-sha256.txt | sort))
  [ -z "$unsealed" ] || bad "not sealed: $unsealed"
  grep -q "\"head\": \"$prev\"" seal/seal.json || bad 'custody.jsonl: its head is not the one that was sealed'
  cmp -s seal/digests.txt digests.txt || bad 'digests.txt: they are not those that were sealed'
  if [ -z "$authority" ]; then
    [ ! -f seal/seal.json.tsr ] || skip 'when the seal was there: --timestamp-ca FILE checks its time-stamp'
  elif [ ! -f seal/seal.json.tsr ]; then
    bad 'seal/seal.json.tsr: the seal has no time-stamp, or it was taken away'
  elif out=$(openssl ts -verify -data seal/seal.json -in seal/seal.json.tsr -CAfile "$authority" 2>&1); then
    well "the seal was there at its time: $(openssl ts -reply -in seal/seal.json.tsr -text 2> /dev/null | grep '^Time stamp: ')"
  else
    bad "seal/seal.json.tsr: $out"
  fi
else
  [ -z "$authority" ] || bad 'seal/seal.json: the case is not sealed, or its seal was taken away'
  skip 'the case is not sealed: only the signature of the bag, if any, vouches for it'
fi

# 5. The rows are those whose digests were noted when the objects were loaded. What follows is what duckdb is given: nothing of the bag
# but names of tables and columns, and types, and none that could be anything else.
quoted() { printf '%s' "${1//\'/\'\'}"; }
bounds() {
  printf "SET allowed_directories = ['store', '%s'];\n" "$(quoted "$PWD/store")"
  printf 'SET autoinstall_known_extensions = false;\nSET autoload_known_extensions = false;\n'
  printf 'SET enable_external_access = false;\nSET lock_configuration = true;\n'
}
table() { # file in store: the statement that makes the table again
  local table=${1%.txt} header columns values='' names='' at
  [[ $table =~ ^[a-z][a-z0-9_]*$ ]] || return 1
  IFS= read -r -n 65536 header < "store/$1" || return 1
  IFS=$'\t' read -r -a columns <<< "$header"
  for at in "${!columns[@]}"; do
    [[ ${columns[at]} =~ ^([a-z][a-z0-9_]*)\ (VARCHAR|BLOB|TIMESTAMP|BOOLEAN|U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT|U?HUGEINT|FLOAT|DOUBLE)$ ]] || return 1
    local column=\"${BASH_REMATCH[1]}\" type=${BASH_REMATCH[2]}
    names+=${names:+, }"'${BASH_REMATCH[1]}': 'VARCHAR'"
    values+=${values:+, }
    case $type in
      VARCHAR) values+="url_decode($column) AS $column" ;;
      BLOB) values+="unhex($column) AS $column" ;;
      TIMESTAMP) values+="make_timestamp($column::BIGINT) AS $column" ;;
      *) values+="$column::$type AS $column" ;;
    esac
  done
  printf "CREATE TABLE store.%s AS SELECT %s\nFROM read_csv('store/%s', columns = {%s},\n  delim = '\\\\t', quote = '', escape = '', comment = ''," \
    "$table" "$values" "$1" "$names"
  printf " header = false, skip = 1, nullstr = '\\\\N', auto_detect = false, parallel = false, max_line_size = 16777216);\n"
}
tables() {
  local file
  printf -- '-- Makes the stored tables of the case again: duckdb NEW.duckdb < store.sql, in this folder. FORMAT.md section 15.\nCREATE SCHEMA store;\n'
  for file in store/*; do
    table "${file#store/}" || { printf '%s is no text of a table\n' "$file" >&2; return 1; }
  done
}
digests() { # computes the statements that compute the digests: FORMAT.md section 12
  cat << 'SQL'
@digests.sql@
SQL
}
if ! tables 2>&1 | cmp -s - store.sql; then bad 'store.sql: it does not make the tables that the texts of store have'; fi
if ! digests | cmp -s - digests.sql; then bad 'digests.sql: it does not compute the digests of FORMAT.md'; fi
if [ "$failed" != 0 ]; then
  skip 'the rows of store: what is above is altered'
elif ! command -v duckdb > /dev/null; then
  skip 'the rows of store: no duckdb is here'
else
  run() { { bounds; cat "$1"; } | duckdb -init /dev/null -bail -noheader -list "$work/case.duckdb"; }
  if tables > "$work/store.sql" && digests > "$work/digests.sql" && run "$work/store.sql" > "$work/said" 2>&1 &&
    run "$work/digests.sql" > "$work/each.sql" 2> "$work/said" &&
    run "$work/each.sql" 2> "$work/said" | sort > "$work/digests.txt"; then
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
