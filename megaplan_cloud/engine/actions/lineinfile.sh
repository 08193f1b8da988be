# Makes the file dest hold the line in the variable line, or no line that matches.
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
    [ -n "$create" ] || lacks "Destination $dest does not exist !"
    old=/dev/null
    case $dest in
    */*) [ -n "$check" ] || [ -d "${dest%/*}/" ] || try mkdir -p "${dest%/*}/" ;;
    esac
fi
[ -z "$diff" ] || show before "$old"
# awk says what it did, then gives the new content, if it is to be written.
# The whole file is one record, so that it shows whether the last line is ended. What is searched
# has the line's end in it, as with Ansible; the environment keeps awk from reading backslashes.
# shellcheck disable=SC2016
said=$(
    LC_ALL=C
    export LC_ALL line regexp search anchor absent first after by check
    exec awk '
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
    RS = "\001"
}
{ content = (NR > 1 ? content RS : "") $0 }
END {
    n = split(content, lines, "\n")
    if (n && lines[n] == "") n--; else cut = 1
    if (absent) remove(); else add()
    print length(content), said
    if (said != "" && ENVIRON["check"] "" == "") write()
    print "x"
}' <"$old"
) || fail "awk cannot edit $dest"
newline='
'
content=${said#*"$newline"}
said=${said%%"$newline"*}
bytes=${said%% *}
said=${said#* }
say msg "$said" dest "$dest"
if [ -n "$said" ]; then
    change
    say content 1
    size=$bytes
    [ ! -s "$old" ] || size=$(($(tr -d '\0' <"$old" | wc -c)))
    [ ! -s "$old" ] || [ "$size $size" = "$bytes $(($(wc -c <"$old")))" ] ||
        fail "$dest is no text: it holds NUL bytes or ends in byte 1"
    if [ -z "$check" ]; then
        spare
        why=$( (printf %s "${content%x}" >"$tmp") 2>&1) || fail "cannot write $dest: $why"
        land
    fi
fi
[ -n "$settled" ] || [ ! -e "$dest" ] || attributes "$dest"
report "$dest"
