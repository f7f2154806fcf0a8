#!/usr/bin/env bash
# Runs migcheck and ends with its exit code, which is an output too, with the verdict.
#
# Comes in: PROGRAM and BASE from the steps before; INPUT_PATH, INPUT_ARGS, INPUT_LIVE, INPUT_FAIL_ON,
# INPUT_FORMAT, INPUT_SARIF_FILE; what GitHub sets.
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

program=${PROGRAM:-migcheck}
temporary=$(mktemp -d "${RUNNER_TEMP:-/tmp}/migcheck.XXXXXX")
report=$temporary/report.json

split "${INPUT_ARGS:-}"
further=(${words[@]+"${words[@]}"})
is_measured=
for word in ${further[@]+"${further[@]}"}; do
    case $word in
    --all | --since | --since=* | --base | --base=* | --against | --against=*) is_measured=yes ;;
    esac
done

arguments=(check)
if [[ -n ${BASE:-} && -z $is_measured ]]; then
    arguments+=("--base=$BASE")
fi
split "${INPUT_LIVE:-}"
for word in ${words[@]+"${words[@]}"}; do
    arguments+=("--live=$word")
done
if [[ -n ${INPUT_FAIL_ON:-} ]]; then
    arguments+=("--fail-on=$INPUT_FAIL_ON")
fi
split "${INPUT_FORMAT:-}"
for word in ${words[@]+"${words[@]}"}; do
    arguments+=("--format=$word")
done
if [[ -n ${INPUT_SARIF_FILE:-} ]]; then
    arguments+=("--format=sarif=$INPUT_SARIF_FILE")
fi
arguments+=("--format=json=$report" ${further[@]+"${further[@]}"})
split "${INPUT_PATH:-}"
if ((${#words[@]})); then
    arguments+=(-- "${words[@]}")
fi

code=0
"$program" "${arguments[@]}" >"$temporary/stdout" 2>"$temporary/stderr" || code=$?
cat "$temporary/stderr"
cat "$temporary/stdout"

# The verdict of each project: the first one in each summary.
verdict=
if [[ -f $report ]]; then
    verdict=$(awk '/"summary": \{/ { getline; if (match($0, /: "[a-z-]+"/)) print substr($0, RSTART + 3, RLENGTH - 4) }' "$report" | paste -s -d ' ' -)
    output report "$report"
fi
output exit-code "$code"
output verdict "$verdict"
if [[ -n ${INPUT_SARIF_FILE:-} && -f ${INPUT_SARIF_FILE} ]]; then
    output sarif-file "$INPUT_SARIF_FILE"
fi

# Findings are annotations already; why there was no check is one too.
if ((code > 1)); then
    printf '::error title=migcheck::%s\n' "$(escaped "$(cat "$temporary/stderr")")"
fi
exit "$code"
