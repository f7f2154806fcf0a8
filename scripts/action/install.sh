#!/usr/bin/env bash
# Gets migcheck: the archive of a release, whose checksum is verified before it is unpacked, or else a
# build of the action's own source. Puts its folder on the path of the job, and says as the output
# `program` where it is.
#
# Comes in: INPUT_INSTALL, INPUT_VERSION; ACTION_REF and ACTION_REPOSITORY, what the workflow names in
# `uses`; what GitHub sets.
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

how=${INPUT_INSTALL:-auto}
ref=${ACTION_REF:-}
repository=${ACTION_REPOSITORY:-}
server=${GITHUB_SERVER_URL:-https://github.com}
source=$GITHUB_ACTION_PATH
own_version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source/Cargo.toml" | sed -n 1p)

# The path as bash has it, also where GitHub gives one of Windows.
posix() {
    if command -v cygpath >/dev/null; then
        cygpath -u "$1"
    else
        printf '%s\n' "$1"
    fi
}

temporary=$(mktemp -d "$(posix "${RUNNER_TEMP:-/tmp}")/migcheck.XXXXXX")

use() {
    local program=$1 folder=${1%/*} version
    version=$("$program" --version) || fail "$program does not run here"
    say "$version"
    if command -v cygpath >/dev/null; then
        folder=$(cygpath -w "$folder")
    fi
    printf '%s\n' "$folder" >>"$GITHUB_PATH"
    output program "$program"
    exit 0
}

is_version() {
    [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+.][0-9A-Za-z.+-]*)?$ ]]
}

# The machine, as the archives of a release name it; nothing where there is none for it.
triple() {
    local system=${RUNNER_OS:-$(uname -s)} machine=${RUNNER_ARCH:-$(uname -m)}
    case $system:$machine in
    Linux:X64 | Linux:x86_64) echo x86_64-unknown-linux-musl ;;
    Linux:ARM64 | Linux:aarch64 | Linux:arm64) echo aarch64-unknown-linux-musl ;;
    macOS:X64 | Darwin:x86_64) echo x86_64-apple-darwin ;;
    macOS:ARM64 | Darwin:arm64) echo aarch64-apple-darwin ;;
    Windows:X64) echo x86_64-pc-windows-msvc ;;
    esac
}

# The release that the action's own files are: by its tag, by a tag that moves from release to release
# (`v1`), or by the commit that a tag names. Nothing for another commit or a branch.
release_of_ref() {
    if [[ $ref == v* ]] && is_version "${ref#v}"; then
        printf '%s\n' "${ref#v}"
    elif [[ $ref =~ ^v[0-9]+(\.[0-9]+)?$ ]]; then
        printf '%s\n' "$own_version"
    elif [[ $ref =~ ^[0-9a-f]{40}$ && -n $repository ]]; then
        local tagged
        tagged=$(git ls-remote --quiet "$server/$repository" "refs/tags/v$own_version*" 2>/dev/null) || return 0
        # An annotated tag is listed twice, the commit in the second line.
        if printf '%s\n' "$tagged" | grep -qE "^$ref"$'\t'"refs/tags/v$own_version(\^\{\})?\$"; then
            printf '%s\n' "$own_version"
        fi
    fi
}

checksum() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1"
    else
        shasum -a 256 <"$1"
    fi | cut -d ' ' -f 1
}

download() {
    curl --fail --silent --show-error --location --proto-redir =https --retry 3 --output "$2" "$1"
}

# Installs a release, or returns where there is none for this machine. An archive that is there and is
# not the one that was released ends everything.
release() {
    local version=$1 target name extension=tar.gz program=migcheck url expected actual
    target=$(triple)
    if [[ -z $target || -z $repository ]]; then
        say "releases have no program for ${RUNNER_OS:-this system} on ${RUNNER_ARCH:-this machine}"
        return 0
    fi
    case $target in
    *windows*) extension=zip program=migcheck.exe ;;
    esac
    name=migcheck-v$version-$target
    url=$server/$repository/releases/download/v$version/$name.$extension
    cd "$temporary"
    if ! download "$url" "$name.$extension"; then
        say "there is no $url"
        return 0
    fi
    download "$url.sha256" checksum || fail "$url has no checksum beside it ($url.sha256); it is not used"
    # Only the first word counts: a name in the file could be that of another one.
    expected=$(sed -n '1s/^\([0-9A-Fa-f]*\).*/\1/p' checksum | tr 'A-F' 'a-f')
    actual=$(checksum "$name.$extension")
    if [[ ! $expected =~ ^[0-9a-f]{64}$ || $expected != "$actual" ]]; then
        rm -f "$name.$extension"
        fail "$url is not what was released: its SHA-256 is $actual, and the release says ${expected:-nothing}; it is not used"
    fi
    if [[ $extension == tar.gz ]]; then
        tar -xzf "$name.$extension"
    elif command -v unzip >/dev/null; then
        unzip -q "$name.$extension"
    else
        "$(posix "$SYSTEMROOT")/System32/tar.exe" -xf "$name.$extension"
    fi
    [[ -f $name/$program ]] || fail "$url holds no $name/$program"
    use "$temporary/$name/$program"
}

build() {
    command -v cargo >/dev/null ||
        fail "cargo is missing, and there is no release to install: set up Rust before this step, or install migcheck and say install: none"
    say "building version $own_version from the source of the action"
    # From its own folder: the project's toolchain and settings of cargo are not meant for it.
    cd "$source"
    cargo install --quiet --locked --path . --root "$temporary/build"
    local program=$temporary/build/bin/migcheck
    if [[ -f $program.exe ]]; then
        program=$program.exe
    fi
    use "$program"
}

version=${INPUT_VERSION:-}
version=${version#v}
if [[ -n $version ]] && ! is_version "$version"; then
    fail "version: \`$version\` is none; it is written as in v$own_version"
fi

case $how in
none)
    program=$(command -v migcheck) ||
        fail "install: none uses the migcheck that is installed, and there is none on the path"
    use "$program"
    ;;
build) ;;
release)
    version=${version:-$(release_of_ref)}
    version=${version:-$own_version}
    release "$version"
    fail "version $version was not installed: see above; install: auto builds it instead"
    ;;
auto)
    version=${version:-$(release_of_ref)}
    if [[ -n $version ]]; then
        release "$version"
    fi
    ;;
*) fail "install: \`$how\` is none of auto, release, build, none" ;;
esac
if [[ -n $version && $version != "$own_version" ]]; then
    fail "version $version cannot be built: the action's source is version $own_version; name the action itself at v$version"
fi
build
