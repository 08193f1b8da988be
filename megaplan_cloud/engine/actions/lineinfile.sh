# Makes the file dest hold the line that comes on stdin, or no line that matches.
# shellcheck shell=sh disable=SC2154
eval "$1"
[ ! -d "$dest" ] || fail "Path $dest is a directory !"
resolve "$dest"
dest=$real
old=$dest
if [ ! -e "$dest" ]; then
    if [ -n "$absent" ]; then
        say msg "file not present" dest "$dest"
        exit 0
    fi
    [ -n "$create" ] || fail "Destination $dest does not exist !"
    old=/dev/null
    case $dest in
    */*) [ -n "$check" ] || try mkdir -p "${dest%/*}/" ;;
    esac
fi
line=$(cat && echo x)
line=${line%x}
[ -z "$diff" ] || show before "$old"
# awk says what it did, then gives the new content, if it is to be written.
# A letter behind the content shows whether its last line is ended. What is searched has the
# line's end in it, as with Ansible; the environment keeps awk from reading backslashes.
# shellcheck disable=SC2016
said=$({ cat "$old" && echo x; } | LC_ALL=C line=$line regexp=$regexp search=$search \
    anchor=$anchor absent=$absent first=$first after=$after by=$by check=$check awk '
function whole(i) { return lines[i] (i == n && cut ? "" : "\n") }
function bare(i, text) { text = lines[i]; sub(/[\r\n]+$/, "", text); return text "" }
function hit(i) {
    if (by == "regexp") return whole(i) ~ regexp
    if (by == "search") return index(whole(i), search)
    return absent && bare(i) == line
}
function remove(i) {
    for (i = 1; i <= n; i++) if (hit(i)) gone[i] = ++found
    if (found) said = found " line(s) removed"
}
function search_places(i) {
    for (i = 1; i <= n && !(at && first); i++) if (hit(i)) at = i
    for (i = 1; !at && i <= n && !(place && first); i++) {
        if (bare(i) == line) stands = i
        else if (anchor != "" && anchor != "BOF" && whole(i) ~ anchor) place = i + (after ? 1 : 0)
    }
    if (stands) at = stands
    if (anchor == "BOF") place = 1
    if (!place) place = n + 1
}
function add(new) {
    search_places()
    new = line (line ~ /\n$/ ? "" : "\n")
    if (at && whole(at) != new) { put[at] = new; said = "line replaced" }
    if (at || (after && anchor != "BOF" && place <= n && bare(place) == line)) place = 0
    else said = "line added"
}
function write(i) {
    for (i = 1; i <= n; i++) {
        if (i == place) printf "%s\n", line
        if (i in put) printf "%s", put[i]
        else if (!(i in gone)) printf "%s", whole(i)
    }
    if (place > n) printf "%s%s\n", (n && cut && lines[n] !~ /\r$/ ? "\n" : ""), line
}
BEGIN {
    line = ENVIRON["line"] ""; regexp = ENVIRON["regexp"] ""; search = ENVIRON["search"] ""
    anchor = ENVIRON["anchor"] ""; by = ENVIRON["by"]; first = ENVIRON["first"] ""
    after = ENVIRON["after"] ""; absent = ENVIRON["absent"] ""
}
{ lines[NR] = $0 }
END {
    n = NR
    lines[n] = substr(lines[n], 1, length(lines[n]) - 1)
    if (lines[n] == "") n--; else cut = 1
    if (absent) remove(); else add()
    print said
    if (said != "" && ENVIRON["check"] "" == "") write()
    print "x"
}') || fail "awk cannot edit $dest"
newline='
'
content=${said#*"$newline"}
said=${said%%"$newline"*}
say msg "$said" dest "$dest"
if [ -n "$said" ]; then
    change
    say content 1
    [ "$(tr -d '\0' <"$old" | wc -c)" -eq "$(wc -c <"$old")" ] ||
        fail "$dest holds NUL bytes, so it has no lines to edit"
    if [ -z "$check" ]; then
        spare
        printf %s "${content%x}" >"$tmp" || fail "cannot write $dest"
        land
    fi
fi
[ ! -e "$dest" ] || attributes "$dest"
report "$dest"
