#!/bin/sh
# What a newcomer does first, from an empty directory: clone, install, demo, load, train, Ctrl-C, resume, stop.
# Says what it does and how long each step takes, and ends with 1 at the first thing that is not as promised.
#
#   scripts/newcomer.sh [REPOSITORY]      the repository to clone; without it the one that this file lies in
#
# NEWCOMER_SECONDS: how long all of it may take; 120 without it.
set -eu

repository=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}
limit=${NEWCOMER_SECONDS:-120}
place=$(mktemp -d "${TMPDIR:-/tmp}/ktrdr-newcomer-XXXXXX")
up=''
began=$(date +%s)
step_began=$began

finish() {
  code=$?
  trap - EXIT
  if [ -n "$up" ]; then kill -TERM "$up" 2>/dev/null || :; wait "$up" 2>/dev/null || :; fi
  rm -rf "$place"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

seconds_since() { echo $(($(date +%s) - $1)); }
step() { printf '%s\n' "newcomer: $*"; step_began=$(date +%s); }
stepped() { printf '%s\n' "newcomer:   done in $(seconds_since "$step_began") s"; }

# fail SENTENCE [FILE...]: the end, with what the files have to say about it.
fail() {
  printf '%s\n' "newcomer: $1" >&2
  shift
  for file in "$@"; do tail -n 30 "$file" | cut -c 1-300 >&2; done
  exit 1
}

# promise OUTPUT COMMAND...: runs it; it has to end with code 0.
promise() {
  output=$1
  shift
  "$@" >"$output" 2>&1 || fail "\"$*\" ended with $?." "$output"
}

# wait_for PATTERN FILE PID: until the process has printed it, for half a minute at most.
wait_for() {
  tries=0
  until grep -q "$1" "$2"; do
    kill -0 "$3" 2>/dev/null || fail "It ended before it printed \"$1\"." "$2"
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || fail "It has not printed \"$1\" in 30 s." "$2"
    sleep 0.1
  done
}

cd "$place"
export KTRDR_HOME="$place/home"
out="$place/out"

step 'clone'
if git -C "$repository" rev-parse --git-dir >"$out" 2>&1; then
  promise "$out" git clone --quiet "$repository" ktrdr
else
  mkdir ktrdr
  tar -C "$repository" --exclude ./node_modules --exclude ./dist -cf - . | tar -C ktrdr -xf -
fi
cd ktrdr
stepped

step 'npm ci'
promise "$out" npm ci --prefer-offline --no-audit --no-fund
stepped

step 'npm start: the demo, the main job once on a simulated market'
promise "$out" npm start
grep -q 'model in ' "$out" || fail 'The demo names no model.' "$out"
grep -q 'Everything has been stopped' "$out" || fail 'The demo does not say that it has stopped everything.' "$out"
stepped

# Without npx where a signal has to reach the program itself, as Ctrl-C does in a terminal.
ktrdr='dist/program/main.js'

step 'ktrdr up --simulate, in the background'
up_log="$place/up.log"
node "$ktrdr" up --simulate --port 0 >"$up_log" 2>&1 &
up=$!
wait_for 'API on http' "$up_log" "$up"
KTRDR_API_URL=$(sed -n 's/.*API on \(http[^, ]*\),.*/\1/p' "$up_log" | head -n 1)
export KTRDR_API_URL
stepped

step 'ktrdr data load'
promise "$out" npx ktrdr data load AAPL MSFT -t 1h --mode full --start 2022-01-01 --end 2024-01-01
promise "$out" npx ktrdr data gaps AAPL -t 1h
stepped

step 'ktrdr models train'
promise "$out" npx ktrdr models train examples/strategies/momentum-mlp.yaml
promise "$out" npx ktrdr models list
grep -q 'momentum-mlp' "$out" || fail 'The model is not in the list.' "$out"
stepped

step 'Ctrl-C in the middle of a longer training'
sed -e 's/^name: .*/name: longer/' -e 's/^  epochs: .*/  epochs: 400/' -e 's/^    patience: .*/    patience: 400/' \
  examples/strategies/momentum-mlp.yaml >"$place/longer.yaml"
node "$ktrdr" models train "$place/longer.yaml" --ndjson >"$out" 2>&1 &
training=$!
wait_for '"phase":"training"' "$out" "$training"
kill -INT "$training"
pressed=$(date +%s)
code=0
wait "$training" || code=$?
[ "$code" -eq 130 ] || fail "Ctrl-C ended the training with $code and not with 130." "$out"
[ "$(seconds_since "$pressed")" -le 10 ] || fail "The training has stopped $(seconds_since "$pressed") s after Ctrl-C." "$out"
id=$(sed -n 's/.*"operation":{"id":"\([^"]*\)".*/\1/p' "$out" | head -n 1)
promise "$out" npx ktrdr ops status "$id"
grep -q 'cancelled' "$out" || fail "Operation $id is not cancelled." "$out"
stepped

step 'ktrdr ops resume'
promise "$out" npx ktrdr ops resume "$id" --follow
promise "$out" npx ktrdr models list
grep -q 'longer' "$out" || fail 'The model of the resumed training is not in the list.' "$out"
stepped

step 'stop'
kill -INT "$up"
code=0
wait "$up" || code=$?
up=''
[ "$code" -eq 130 ] || fail "Ctrl-C ended \"ktrdr up\" with $code and not with 130." "$up_log"
code=0
npx ktrdr ops list >"$out" 2>&1 || code=$?
[ "$code" -eq 8 ] || fail "With everything stopped \"ktrdr ops list\" ends with $code and not with 8." "$out"
stepped

all=$(seconds_since "$began")
[ "$all" -le "$limit" ] || fail "All of it took $all s, and $limit s are promised."
printf '%s\n' "newcomer: all of it in $all s, and nothing is left running"
