#!/usr/bin/env bash
# Fetches what the checkout lacks of what the change is compared with, and of the releases that run
# beside it: actions/checkout brings one commit. Says as the output `base` what to compare with, where
# migcheck would not find that by itself.
#
# Comes in: INPUT_BASE, INPUT_LIVE; EVENT_MERGE_GROUP_BASE, EVENT_BEFORE and EVENT_DEFAULT_BRANCH from
# the event; what GitHub sets. What cannot be fetched is a warning here: whether the check can be made
# without it, migcheck says.
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

if ! git rev-parse --git-dir >/dev/null 2>&1; then
    say "no git repository here, so nothing is fetched"
    exit 0
fi

# Whether a revision is a commit that is here.
has() {
    git rev-parse --verify --quiet "$1^{commit}" >/dev/null 2>&1
}

is_commit_name() {
    [[ $1 =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]]
}

is_shallow() {
    [[ $(git rev-parse --is-shallow-repository) == true ]]
}

# In a whole clone a depth would cut off what is there.
fetch() {
    local depth=()
    if is_shallow; then
        depth=(--depth=1)
    fi
    git fetch --quiet --no-tags ${depth[@]+"${depth[@]}"} origin "$@"
}

# Brings what a revision names, unless it is here. Leaves in `target` its name here, and in `refspec`
# how it is fetched again with more history; nothing for a revision that only history leads to.
bring() {
    target=$1 refspec=
    local tag="+refs/tags/$1:refs/tags/$1"
    local branch=${1#origin/}
    local head="+refs/heads/$branch:refs/remotes/origin/$branch"
    if is_commit_name "$1"; then
        refspec=$1
    elif ! git check-ref-format "refs/heads/$1"; then
        return 0
    elif [[ $1 == origin/?* ]]; then
        refspec=$head
    elif has "refs/tags/$1" || { ! has "$1" && ! has "origin/$1" && fetch "$tag" 2>/dev/null; }; then
        refspec=$tag
    else
        refspec=$head
    fi
    has "$1" || has "origin/$1" || fetch "$refspec" || return 1
    has "$1" || target=origin/$1
}

# Brings the tags and branches that patterns mean, as one request.
bring_live() {
    local listed name short place pattern
    local wanted=()
    if ! listed=$(git ls-remote --quiet origin 'refs/tags/*' 'refs/heads/*'); then
        warn "the tags of the repository cannot be listed, so live releases may be missing"
        return 0
    fi
    while IFS=$'\t' read -r _ name; do
        case $name in
        *'^{}') continue ;;
        refs/tags/*) short=${name#refs/tags/} place=$name ;;
        refs/heads/*) short=origin/${name#refs/heads/} place=refs/remotes/$short ;;
        *) continue ;;
        esac
        for pattern in "$@"; do
            # Alternatives are not known to bash in a pattern; too many do no harm.
            pattern=$(printf '%s' "$pattern" | sed 's/{[^}]*}/*/g')
            # shellcheck disable=SC2053 # they are patterns
            if [[ $short == $pattern || $short == origin/$pattern ]] && ! has "$place"; then
                wanted+=("+$name:$place")
                break
            fi
        done
    done <<<"$listed"
    for pattern in "$@"; do
        if is_commit_name "$pattern" && ! has "$pattern"; then
            wanted+=("$pattern")
        fi
    done
    if ((${#wanted[@]})); then
        fetch "${wanted[@]}" || warn "some of the live releases cannot be fetched: $*"
    fi
}

# Whether it is known here where HEAD left a commit, and, where HEAD is a merge, where its parents
# parted: two lines of migrations are compared from there.
reaches() {
    local parents
    git merge-base HEAD "$1" >/dev/null 2>&1 || return 1
    # A commit names its parents even where the clone is cut off at it.
    parents=$(git cat-file commit HEAD | sed -n '/^$/q; s/^parent //p')
    # shellcheck disable=SC2086 # they are words
    set -- $parents
    (($# != 2)) || git merge-base "$1" "$2" >/dev/null 2>&1
}

# Brings as much history as it takes, in steps: most changes leave their target a few commits ago.
deepen() {
    local base=$1 step head
    shift
    head=$(git rev-parse HEAD)
    # Not --depth: with it git can leave a tip cut off that is here and up to date.
    for step in --deepen=64 --deepen=512 --unshallow; do
        if ! is_shallow || reaches "$base"; then
            return 0
        fi
        # The commit that is checked out may be known to nobody else, if a step before has made it.
        git fetch --quiet --no-tags "$step" origin "$@" "$head" 2>/dev/null ||
            git fetch --quiet --no-tags "$step" origin "$@" || return 1
    done
}

# What is compared with: `base` for migcheck, `target` for the history. Where a pull request is built,
# migcheck finds the target by itself.
base=${INPUT_BASE:-}
target=$base
own=${EVENT_DEFAULT_BRANCH:-}
before=${EVENT_BEFORE:-}
if [[ -z $base ]]; then
    if [[ ${GITHUB_EVENT_NAME:-} == merge_group ]]; then
        base=${EVENT_MERGE_GROUP_BASE:-}
    elif [[ -n ${GITHUB_BASE_REF:-} ]]; then
        target=origin/$GITHUB_BASE_REF
    elif [[ ${GITHUB_EVENT_NAME:-} == push && ${GITHUB_REF:-} == "refs/heads/$own" && $before =~ [1-9a-f] ]]; then
        # The default branch itself: what the push brings. Zeros would mean a branch that is new.
        base=$before
    elif [[ -n $own ]]; then
        base=origin/$own
    fi
    target=${target:-$base}
fi

split "${INPUT_LIVE:-}"
if ((${#words[@]})); then
    bring_live "${words[@]}"
fi
if [[ -n $target ]]; then
    if ! bring "$target"; then
        warn "\`$target\` cannot be fetched from the remote \`origin\`"
    elif ! deepen "$target" ${refspec:+"$refspec"}; then
        warn "the history between HEAD and \`$target\` cannot be fetched from the remote \`origin\`"
    fi
fi
say "compared with ${base:-${target:-what migcheck finds}}"
output base "$base"
