# shellcheck shell=bash
# What the steps of action.yml share. They run with the bash 3.2 of macOS too: no `mapfile`, and an
# empty array is written ${list[@]+"${list[@]}"}.

set -euo pipefail

# Where the project is: said by a step's working-directory. The job has checked it out itself, and in
# a container that may have been another account, for which git would refuse to read it.
export GIT_TERMINAL_PROMPT=0
for folder in "${GITHUB_WORKSPACE:-$PWD}" "$PWD"; do
    # After what the job has set in this way, such as how to sign in.
    count=${GIT_CONFIG_COUNT:-0}
    export "GIT_CONFIG_KEY_$count=safe.directory" "GIT_CONFIG_VALUE_$count=$folder"
    export GIT_CONFIG_COUNT=$((count + 1))
done

say() {
    printf 'migcheck: %s\n' "$*"
}

# The text of a workflow command, on one line.
escaped() {
    local text=$*
    text=${text//\%/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '%s' "$text"
}

warn() {
    printf '::warning title=migcheck::%s\n' "$(escaped "$@")"
}

# The check could not be made.
fail() {
    printf '::error title=migcheck::%s\n' "$(escaped "$@")"
    exit 2
}

# Sets an output of the step. Names of branches, paths and numbers have no line breaks; what has one
# would be read as another output.
output() {
    case $2 in
    *$'\n'* | *$'\r'*) fail "$1 must be one line" ;;
    esac
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# Splits a text into words as a shell would, with its quotes and without everything else that a shell
# does, and leaves them in the array `words`.
split() {
    words=()
    local text=$1 word split
    [[ $text =~ [^[:space:]] ]] || return 0
    split=$(mktemp "${RUNNER_TEMP:-/tmp}/migcheck.XXXXXX")
    # Line breaks are blanks between words, which xargs would not accept within quotes.
    text=${text//$'\n'/ }
    if ! printf '%s' "$text" | xargs printf '%s\0' >"$split"; then
        rm -f "$split"
        fail "a quote is not closed in: $text"
    fi
    while IFS= read -r -d '' word; do
        words+=("$word")
    done <"$split"
    rm -f "$split"
}
