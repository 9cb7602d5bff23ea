# What a municipality would use instead: PostgreSQL's COPY with openssl or iconv behind it, and the sqlite3 shell.
#
# usage: sourced by scripts/bench, which sets the variables used here.
# shellcheck shell=bash disable=SC2154

pg_data=
pg_socket=

as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

# Starts a server of our own on a socket of our own: default settings but shared_buffers, no TCP port.
start_postgres() {
    say "starting PostgreSQL"
    rm -rf "$work/pg" "$work/pg-out" "$work/peers-made" "$work/peers-compared" "$work/sjis.txt"
    mkdir -p "$work/pg" "$work/pg-out"
    pg_socket=$(mktemp -d /tmp/renkei-bench.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown postgres "$work/pg" "$work/pg-out" "$pg_socket"
    as_postgres test -w "$work/pg-out" || die "user postgres cannot come to $work; choose a folder it can with --work"
    pg_data=$work/pg/data
    as_postgres "$pg_bin/initdb" -D "$pg_data" -U postgres -A trust -E UTF8 --locale=C > "$work/initdb.log"
    as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -l "$work/pg/log" -w -s \
        -o "-c listen_addresses='' -c unix_socket_directories='$pg_socket' -c shared_buffers=1GB" start
}

# Ends what start_postgres started, and nothing else.
stop_postgres() {
    [ -n "$pg_data" ] && as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -m fast -w -s stop
    rm -rf "$work/pg" "$work/pg-out" "$work/sqlite.db"
    [ -n "$pg_socket" ] && rm -rf "$pg_socket"
    pg_data='' pg_socket=''
}

psql_options=(-X -q -At -v ON_ERROR_STOP=1 -U postgres postgres)
sql() { psql -h "$pg_socket" "${psql_options[@]}" "$@"; }

# measured_sql STATEMENT: the statement and, last, what its backend took, for measure.py.
measured_sql() {
    printf '%s;\n' "$1"
    # shellcheck disable=SC2016
    printf '%s\n' \
        "SELECT 'backend-stat ' || translate(pg_read_file('/proc/self/stat', 0, 4096), E'\\n', '');" \
        "SELECT 'backend-anon-kib ' || substring(pg_read_file('/proc/self/status', 0, 8192) from 'RssAnon:\s*(\d+)');"
}

# columns_of FILE: the names in a header row as a list of SQL columns of type text.
columns_of() { head -n 1 "$1" | tr -d '\r"' | sed 's/[^,]*/"&" text/g'; }

# load_postgres RESIDENTS.CSV: the same file into a table of all its columns, keyed as ours.
load_postgres() {
    {
        echo 'DROP TABLE IF EXISTS resident;'
        measured_sql "CREATE TABLE resident ($(columns_of "$1"), PRIMARY KEY (atena_no, rireki_no, rireki_eda_no));
                      COPY resident FROM '$1' WITH (FORMAT csv, HEADER)"
    } > "$work/load.sql"
    measure load postgresql "$residents" psql -h "$pg_socket" "${psql_options[@]}" -f "$work/load.sql"
    sql -c 'DROP TABLE resident'
}

# make_peer_tables FULL.CSV: gives both peers the rows that our full published, in key order, ready to be read.
make_peer_tables() {
    local full=$1 columns
    say "loading the peers' tables"
    columns=$(columns_of "$full")
    sql -c "CREATE TABLE published ($columns, PRIMARY KEY (\"宛名番号\"))" \
        -c "COPY published FROM STDIN WITH (FORMAT csv, HEADER)" < "$full"
    sql -c 'VACUUM (ANALYZE, FREEZE) published' -c CHECKPOINT
    rm -f "$work/sqlite.db"
    sqlite3 "$work/sqlite.db" "CREATE TABLE published ($columns)" '.mode csv' ".import --skip 1 '$full' published"
    touch "$work/peers-made"
}

full_postgres() {
    local file=$work/pg-out/full.csv
    measured_sql "COPY (SELECT * FROM published ORDER BY \"宛名番号\") TO '$file' WITH (FORMAT csv, HEADER, FORCE_QUOTE *)" \
        > "$work/full.sql"
    measure full postgresql "$residents" psql -h "$pg_socket" "${psql_options[@]}" -f "$work/full.sql" \
        --then openssl dgst -sha256 "$file"
}

# The rows were inserted in key order, so ORDER BY rowid gives it without a sort. The shell's CSV quotes only
# fields that need it or are not ASCII: it writes less than the others.
full_sqlite() {
    local file=$work/sqlite-full.csv
    measure full sqlite3 "$residents" sqlite3 "$work/sqlite.db" '.headers on' '.mode csv' ".once '$file'" \
        'SELECT * FROM published ORDER BY rowid' --then openssl dgst -sha256 "$file"
}

# PostgreSQL's own SJIS stops at the first character it lacks, so the way that comes to an end is iconv, which
# puts ? for such characters and tells nobody which.
full_cp932_postgres() {
    local file=$work/pg-out/cp932.csv rows='(SELECT * FROM published ORDER BY "宛名番号")'
    local form='FORMAT csv, HEADER, FORCE_QUOTE *'
    if [ ! -f "$work/sjis.txt" ]; then
        sql -c "COPY $rows TO '$work/pg-out/sjis.csv' WITH ($form, ENCODING 'SJIS')" > "$work/sjis.txt" 2>&1 || true
        [ -s "$work/sjis.txt" ] || echo 'it comes to an end' > "$work/sjis.txt"
    fi
    measured_sql "COPY $rows TO PROGRAM 'iconv -f UTF-8 -t CP932//TRANSLIT > $file' WITH ($form)" > "$work/cp932.sql"
    measure full-cp932 postgresql+iconv "$residents" psql -h "$pg_socket" "${psql_options[@]}" -f "$work/cp932.sql" \
        --then openssl dgst -sha256 "$file"
}
