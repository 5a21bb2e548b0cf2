#!/bin/sh
# Four nights of a nightly job, and a rollback: what each command is to end with, README.md says. Ends with 1 where one ends otherwise.
# usage: nights.sh [recipe], default ft.yaml. Begins anew each time. FT: the command, where it is not this checkout's.
set -eu
cd "$(dirname "$0")"
recipe=${1:-ft.yaml}
line=triage-nightly
tickets=../support-triage/data/train.jsonl

ft() {
  ${FT:-node ../../dist/cli/main.js} "$@"
}

# ends_with CODE COMMAND...
ends_with() {
  wanted=$1
  shift
  ended=0
  "$@" || ended=$?
  [ "$ended" -eq "$wanted" ] && return
  echo "nights.sh: '$*' ended with $ended, not with $wanted" >&2
  exit 1
}

rm -rf .ft ft.lock.json

echo "== night 1: the first version, which no champion can be compared with"
head -n 160 "$tickets" > tonight.jsonl
ends_with 0 ft ci "$recipe" --accept-first

echo "== night 2: nothing changed, nothing is trained"
ends_with 9 ft ci "$recipe" --exit-code

echo "== night 3: the export is broken, each label stands in the next column"
broken='s/(category\\": )([^,]*)(, \\"priority\\": )([^,]*)(, \\"product\\": )([^}]*)/\1\6\3\2\5\4/'
head -n 160 "$tickets" | sed -E "$broken" > tonight.jsonl
ends_with 8 ft ci "$recipe"
ends_with 0 ft adapters show "$line@champion"

echo "== night 4: mended, and there are more tickets"
cp "$tickets" tonight.jsonl
ends_with 0 ft ci "$recipe"

echo "== the day after: people complain, the version before is served again"
ends_with 0 ft adapters rollback "$line" --why "complaints about refunds"
ends_with 0 ft adapters ls "$line"
