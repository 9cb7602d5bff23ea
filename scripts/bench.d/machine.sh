# What has to be there before anything can be measured: packages, towns, hubs.
#
# usage: sourced by scripts/bench, which sets the variables used here.
# shellcheck shell=bash disable=SC2154

# Installs what is missing. No service may start by itself: the peers measured are started by scripts/bench.
install_peers() {
    local missing=() put_policy=0
    [ -x "$pg_bin/postgres" ] || missing+=(postgresql-15)
    local tool
    for tool in sqlite3 openssl python3; do
        command -v "$tool" > /dev/null || missing+=("$tool")
    done
    [ -x /usr/bin/time ] || missing+=(time)
    command -v iconv > /dev/null || missing+=(libc-bin)
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        say "packages are missing; run this, then scripts/bench again:"
        echo "sudo apt-get install -y --no-install-recommends ${missing[*]}"
        exit 3
    fi
    say "installing ${missing[*]}"
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        put_policy=1
    fi
    local status=0
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2 || status=$?
    [ "$put_policy" -eq 0 ] || rm -f /usr/sbin/policy-rc.d
    [ "$status" -eq 0 ] || die "the packages could not be installed: ${missing[*]}"
}

# make_town RESIDENTS: residents.csv with all 160 items and moves.csv, from a fixed seed, once.
make_town() {
    local town=$work/town-$1
    [ -f "$town/made" ] && return
    say "making a town of $1 residents"
    "$renkei" --lang en town "$town" --residents "$1" --moves "$n_moves" --latest-only
    chmod o+rx "$town" && chmod o+r "$town/residents.csv"
    touch "$town/made"
}

# make_hub RESIDENTS: a hub with the feed that is measured, in UTF-8 and in CP932.
make_hub() {
    local hub=$work/hub-$1
    rm -rf "$hub"
    "$renkei" --lang en init "$hub" > "$work/init.log" 2>&1 || die "$(cat "$work/init.log")"
    cat > "$hub/hub.toml" <<TOML
municipality = "082201"
name = "つくば市"
timezone = "Asia/Tokyo"

[store]
path = "data/renkei.db"
number_key_file = "secrets/number.key"

[root]
path = "share"

[naming]
stem = "{municipality}_{interface}-{branch}_{kind}_{time}_{sequence:4}"

[[system]]
id = "015"
individual_number = false

# What is measured is a mass change on purpose.
[guard]
max_share = "none"
max_deleted_share = "none"
learned = false
max_shrink = "none"
max_growth = "none"

[[feed]]
id = "$feed"
layout = "001o005-1.0"
receivers = ["015"]
folder = "001/utf-8"

[[feed]]
id = "$feed_cp932"
layout = "001o005-1.0"
receivers = ["015"]
folder = "001/cp932"
encoding = "cp932"
degrade = "cp932"
unmappable = "degrade"
TOML
    rm -f "$hub"/jobs/*.toml
    "$renkei" --hub "$hub" --lang en check > "$work/check.log" 2>&1 || die "$(cat "$work/check.log")"
}

# empty_hub RESIDENTS: takes away database and published files.
empty_hub() { rm -rf "$work/hub-$1/share" "$work/hub-$1/data"; }

# published RESIDENTS: the data file of the full in UTF-8.
published() { find "$work/hub-$1/share/001/utf-8" -name '*.csv' | head -n 1; }

# What the figures depend on, one line each.
machine_facts() {
    date -u '+%Y-%m-%d %H:%M UTC'
    sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
    nproc
    awk '/^MemTotal/ { printf "%.0f GiB\n", $2 / 1048576 }' /proc/meminfo
    { . /etc/os-release && echo "$PRETTY_NAME"; }
    "$renkei" --version
    "$pg_bin/postgres" --version | sed 's/ (Debian.*//; s/^postgres (PostgreSQL)/PostgreSQL/'
    sqlite3 --version | awk '{ print "sqlite3 " $1 }'
    openssl version | awk '{ print $1 " " $2 }'
    cut -d ' ' -f 1-3 /proc/loadavg
}
