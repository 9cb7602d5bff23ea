# Judging a partner's full and comparing two fulls, beside qsv.
#
# usage: sourced by scripts/bench, which sets the variables used here. QSV names a qsv that is not on the path; it is
# not installed here, because it comes as a build of many minutes (`cargo install qsv --locked`) or from its own site.
# shellcheck shell=bash disable=SC2154

qsv=${QSV:-$(command -v qsv || true)}

# published_notice RESIDENTS: the notice of the full that a hub published.
published_notice() {
    local full
    full=$(published "$1")
    printf '%s\n' "${full%.csv}.done"
}

# other_full FULL.CSV OTHER.CSV: the same rows in another order, one of a thousand left out, three changed.
other_full() {
    [ -f "$2" ] && return
    say "making the other full"
    {
        head -n 1 "$1"
        tail -n +2 "$1" | awk 'NR % 1000 == 1 { next } NR % 333 == 2 { sub(/"[^"]*"\r?$/, "\"*\"\r") } { print }' |
            shuf --random-source=<(yes)
    } > "$2"
}

# judge_and_compare NOTICE: both cases, on the published full of the town.
judge_and_compare() {
    local notice=$1 full=${1%.done}.csv other=$work/other-full.csv schema=$work/schema.json
    other_full "$full" "$other"
    ours judge "$residents" conform "$notice"
    measure compare renkei "$residents" sh -c '"$@" || [ $? -eq 1 ]' sh "$renkei" --hub "$work/hub-$residents" \
        --lang en --json compare "$notice" "$other" --layout 001o005-1.0
    if [ -z "$qsv" ]; then
        say "qsv: peer not available"
        return
    fi
    python3 "$tools/schema.py" "$project/layouts/001o005-1.0.toml" "$project/src/registry/data/items.csv" "$full" > "$schema"
    measure judge qsv "$residents" sh -c '"$@" || [ $? -eq 1 ]' sh "$qsv" validate "$full" "$schema" --jobs "$(nproc)"
    measure compare qsv "$residents" "$qsv" diff --key 2 "$full" "$other" --output /dev/null
    rm -f "$full".valid "$full".invalid "$full".validation-errors.tsv
}
