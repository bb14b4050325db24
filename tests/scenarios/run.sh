#!/bin/bash
# Plays the stories of this folder against a real attestd: run.sh RUNNER ATTESTD ATTESTCTL [STORY...]
# Prints "cases scenarios passed P failed F skipped S". README.md explains the language.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || { echo "usage: run.sh RUNNER ATTESTD ATTESTCTL [STORY...]" >&2; exit 2; }
runner=$(realpath "$1") attestd=$(realpath "$2") attestctl=$(realpath "$3")
fake_vendor=$(dirname "$runner")/fake_vendor
export fake_vendor
shift 3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY NOTIFY_SOCKET
export SOFTHSM2_CONF=softhsm2.conf # of the story's folder, where it is looked for when a story has tokens

# Every break of the makers whose fault travels with the request, as three-line cases: the list is theirs.
breaks_at=2026-06-15T12:00:00Z
breaks_story() {
    # At a time that stands still: "valid from the next second on" is over a second later.
    echo "start dev --dev --data data --evidence-time $breaks_at"
    echo "run printf init > init"
    "$attestctl" evidence make sgx --list-breaks --json | sed 's/},{/}\n{/g' | while IFS= read -r row; do
        name=$(sed -n 's/.*"name":"\([^"]*\)".*/\1/p' <<< "$row")
        code=$(sed -n 's/.*"expected_error":"\([^"]*\)".*/\1/p' <<< "$row")
        also=$(sed -n 's/.*"also_acceptable_error":"\([^"]*\)".*/\1/p' <<< "$row")
        case $row in
        *'"scope":"quote"'* | *'"scope":"chain"'*) path=SgxEnclave member=quote file=quote.bin ;;
        *'"scope":"data"'*) path=SgxEnclave member=quote file=quote.bin ;;
        *'"scope":"report"'*) path=OpenEnclave member=report file=report.bin ;;
        *) continue ;;
        esac
        printf 'case %s\n' "$name"
        printf 'run $attestctl evidence make sgx --data data --at %s --out x --break %s --init-time-data init\n' "$breaks_at" "$name"
        printf 'request POST /attest/%s?api-version=2022-08-01 {"%s":"${b64url:x/%s}","runtimeData":{"data":"${b64url:x/runtime_data.bin}","dataType":"Binary"},"initTimeData":{"data":"${b64url:x/init_time_data.bin}","dataType":"Binary"}}\n' \
            "$path" "$member" "$file"
        [ -z "$also" ] && printf 'refusal 400 InvalidParameter %s\n' "$code"
        [ -n "$also" ] && printf 'status 400\njson error.details[0].code ~ ^(%s|%s)$\n' "$code" "$also"
    done
}

play() {
    local story=$1 name
    name=$(basename "$story" .txt)
    timeout -k 5 420 "$runner" "$attestd" "$attestctl" "$scratch/$name" "$story" > "$scratch/$name.result" 2>&1 ||
        [ $? -le 1 ] || echo "FAILED $name: the runner ended badly" >> "$scratch/$name.result"
}

breaks_story > "$scratch/breaks.txt"
if [ $# -gt 0 ]; then
    stories=()
    for name in "$@"; do
        [ "$name" = breaks ] && stories+=("$scratch/breaks.txt") || stories+=("$here/$name.txt")
    done
else
    stories=("$here"/*.txt)
    # The same rows run under sanitizers in unit_attest_breaks_test, without a process for each.
    [ -n "${ATTESTD_SANITIZE:-}" ] || stories+=("$scratch/breaks.txt")
fi
# A story that fails is played once more when nothing else runs: what a busy machine did to it is told from what is broken. Both
# results are shown, and one that failed at first is counted by name ("shaky").
again() {
    local story=$1 name first
    name=$(basename "$story" .txt)
    first=$scratch/$name.first
    grep -q '^FAILED' "$scratch/$name.result" || return 0
    mv "$scratch/$name.result" "$first"
    rm -rf "${scratch:?}/$name"
    play "$story"
    sed -n '/^cases /!s/^/first try: /p' "$first"
    grep -q '^FAILED' "$scratch/$name.result" || shaky="$shaky $name"
}

running=0
for story in "${stories[@]}"; do
    play "$story" &
    running=$((running + 1))
    [ "$running" -lt 2 ] || { wait -n; running=$((running - 1)); }
done
wait
shaky=""
for story in "${stories[@]}"; do again "$story"; done

passed=0 failed=0
for story in "${stories[@]}"; do
    result=$scratch/$(basename "$story" .txt).result
    totals=$(sed -n 's/^cases .* passed \([0-9]*\) failed \([0-9]*\) skipped [0-9]*$/\1 \2/p' "$result")
    grep -v '^cases .* passed ' "$result"
    [ -n "$totals" ] || { totals="0 0"; echo "FAILED $(basename "$story" .txt): no totals"; failed=$((failed + 1)); }
    passed=$((passed + ${totals% *}))
    failed=$((failed + ${totals#* }))
    if grep -q 'the runner ended badly' "$result"; then failed=$((failed + 1)); fi
done
[ -z "$shaky" ] || echo "SHAKY stories, which passed the second time:$shaky"
echo "cases scenarios passed $passed failed $failed skipped 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
