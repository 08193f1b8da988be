# Makes dest a checkout of repo at version. Nothing here ever asks a question.
# shellcheck shell=sh disable=SC2154
say() { printf '%s\0' "$@"; }
fail() {
    say msg "$1"
    exit 1
}
at() { "$git" -C "$dest" "$@"; }
# Runs git; what it says on stderr is the reason if it fails.
try() { why=$("$@" 2>&1) || fail "$why"; }
head_of() { at rev-parse --verify --quiet "$1^{commit}" 2>/dev/null; }
# Answers in wanted the commit that version has at the remote; a commit's name is its own answer.
ask_remote() {
    why=$("$git" ls-remote -- "$repo" 2>&1) || fail "$why"
    wanted='' branch='' tag='' peeled=''
    while read -r sha ref; do
        case $ref in
        "$version" | "refs/heads/$version") branch=$sha ;;
        "refs/tags/$version") tag=$sha ;;
        "refs/tags/$version^{}") peeled=$sha ;;
        esac
    done <<REFS
$why
REFS
    wanted=${branch:-${peeled:-${tag:-$version}}}
    # A commit's name may be shortened.
    case $before in
    "$wanted"*) wanted=$before ;;
    esac
}
has_changes() { [ -n "$(at status --porcelain --untracked-files=no)" ]; }
is_branch() { at show-ref --verify --quiet "refs/remotes/$remote/$1"; }
clone() {
    set -- --origin "$remote"
    [ -z "$bare" ] || set -- "$@" --bare
    [ -z "$single" ] || set -- "$@" --single-branch
    if [ -n "$depth" ]; then
        set -- "$@" --depth "$depth"
        case $version in
        HEAD) ;;
        *) "$git" ls-remote --exit-code -- "$repo" "refs/heads/$version" "refs/tags/$version" >/dev/null 2>&1 &&
            set -- "$@" --branch "$version" ;;
        esac
    fi
    case $dest in
    */*) mkdir -p "${dest%/*}/" || fail "the folder of $dest cannot be made" ;;
    esac
    [ -n "$bare" ] || set -- "$@" --no-checkout
    try "$git" clone --quiet "$@" -- "$repo" "$dest"
    [ -z "$refspec" ] || try at fetch --quiet "$remote" "$refspec"
}
fetch() {
    set -- --quiet --force
    [ -z "$depth" ] || set -- "$@" --depth "$depth"
    if [ -n "$bare" ]; then
        try at fetch "$@" "$remote" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' ${refspec:+"$refspec"}
    else
        try at fetch "$@" --tags "$remote" ${refspec:+"$refspec"}
    fi
}
# What a shallow or single-branch clone left out is asked for by name.
bring_version() {
    [ "$version" != HEAD ] && ! is_branch "$version" && ! head_of "$version" >/dev/null || return 0
    set -- --quiet --force
    [ -z "$depth" ] || set -- "$@" --depth "$depth"
    at fetch "$@" "$remote" "+refs/heads/$version:refs/remotes/$remote/$version" 2>/dev/null ||
        at fetch "$@" "$remote" "$version" 2>/dev/null
}
switch() {
    bring_version
    goal=$version
    if [ "$goal" = HEAD ]; then
        at symbolic-ref --quiet "refs/remotes/$remote/HEAD" >/dev/null ||
            at remote set-head "$remote" --auto >/dev/null 2>&1
        goal=$(at symbolic-ref --quiet --short "refs/remotes/$remote/HEAD") ||
            fail "$repo does not say which branch is its main one"
        goal=${goal#"$remote/"}
    fi
    if is_branch "$goal"; then
        try at checkout --quiet --force -B "$goal" --track "$remote/$goal"
    else
        head_of "$goal" >/dev/null || fail "Failed to checkout $goal: $repo has no such branch, tag or commit"
        try at checkout --quiet --force --detach "$goal"
    fi
}
eval "$1"
: "${git:=git}"
command -v "$git" >/dev/null || fail "git is not installed at this place"
export GIT_TERMINAL_PROMPT=0
[ -z "$ssh" ] || export GIT_SSH_COMMAND="$ssh"
before='' changed=''
if [ -e "$dest/.git" ] || { [ -n "$bare" ] && [ -f "$dest/HEAD" ]; }; then
    before=$(head_of HEAD)
    say before "$before"
    if [ -z "$update" ]; then
        say after "$before"
        exit 0
    fi
    if [ -z "$bare" ] && has_changes; then
        [ -n "$force" ] || fail "Local modifications exist in the destination: $dest (force=no)."
        changed=1
        [ -n "$check" ] || try at reset --quiet --hard HEAD
    fi
    if [ "$(at config --get "remote.$remote.url")" != "$repo" ]; then
        changed=1
        say remote_url_changed 1
        [ -n "$check" ] || at remote set-url "$remote" "$repo" 2>/dev/null ||
            try at remote add "$remote" "$repo"
    fi
    if [ -n "$check" ]; then
        ask_remote
        [ "$wanted" = "$before" ] || changed=1
        say after "$wanted" changed "$changed"
        exit 0
    fi
    fetch
elif [ -n "$check" ] || [ -z "$clone" ]; then
    ask_remote
    say after "$wanted" changed 1
    exit 0
else
    [ ! -e "$dest" ] || [ -z "$(ls -A "$dest" 2>/dev/null)" ] ||
        fail "$dest exists, is not empty and is no checkout"
    clone
fi
if [ -z "$bare" ]; then
    switch
    if [ -n "$recursive" ] && [ -f "$dest/.gitmodules" ]; then
        try at submodule --quiet sync --recursive
        try at submodule --quiet update --init --recursive --force
    fi
fi
after=$(head_of HEAD)
[ "$before" = "$after" ] || changed=1
say after "$after" changed "$changed"
