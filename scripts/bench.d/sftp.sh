#!/usr/bin/env bash
# Measures our SFTP server beside OpenSSH's sshd, both driven by OpenSSH's sftp, and prints a Markdown table.
#
# usage: scripts/bench.d/sftp.sh [--quick] [--size MIB] [--files N] [--rounds N] [--work DIR]
#   --quick      64 MiB and 500 files, one round
#   --size MIB   length of the large file (default 1024)
#   --files N    number of small files (default 5000)
#   --rounds N   rounds of which the medians are taken (default 3)
#   --work DIR   where files are made (default bench-work/sftp; 6 GiB)
#
# Exit codes: 0 measured; 1 could not measure; 2 wrong usage.
# shellcheck disable=SC2154
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
work=$project/bench-work/sftp
rounds=3 mebibytes=1024 files=5000
while [ $# -gt 0 ]; do
    case $1 in
        --quick) rounds=1 mebibytes=64 files=500 ;;
        --size) mebibytes=${2:?--size needs a number}; shift ;;
        --files) files=${2:?--files needs a number}; shift ;;
        --rounds) rounds=${2:?--rounds needs a number}; shift ;;
        --work) work=${2:?--work needs a folder}; shift ;;
        -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
say() { printf 'bench: %s\n' "$*" >&2; }

(cd "$project" && cargo build --release --locked --quiet -p renkei-sftp --example server)
mkdir -p "$work/root/data/in" "$work/back" /run/sshd
work=$(cd "$work" && pwd)
cd "$work"
for key in host id; do
    [ -f "$key" ] || ssh-keygen -q -N '' -t ed25519 -f "$key"
done
if [ "$(stat -c %s root/data/big 2>/dev/null || echo 0)" -ne $((mebibytes << 20)) ]; then
    say "making $mebibytes MiB and $files files"
    head -c "$((mebibytes << 20))" /dev/urandom > root/data/big
fi
if [ "$(find root/data/many -type f 2>/dev/null | wc -l)" -ne "$files" ]; then
    rm -rf root/data/many
    mkdir root/data/many
    split -b 4096 -a 4 -d --additional-suffix=.csv <(head -c "$((files * 4096))" root/data/big) root/data/many/f
fi

# The servers, on ports that are free now, each ended by its own number.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
sshd_port=$(free_port)
our_port=$(free_port)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work/done"' EXIT
printf '%s\n' "ListenAddress 127.0.0.1" "Port $sshd_port" "HostKey $work/host" "AuthorizedKeysFile $work/id.pub" \
    "StrictModes no" "UsePAM no" "PidFile none" "PermitRootLogin yes" "MaxStartups 100" \
    "Ciphers aes128-gcm@openssh.com,aes256-ctr,chacha20-poly1305@openssh.com" \
    "Subsystem sftp /usr/lib/openssh/sftp-server" > sshd.conf
/usr/sbin/sshd -D -f "$work/sshd.conf" -E "$work/sshd.log" &
pids+=($!)
"$project/target/release/examples/server" "127.0.0.1:$our_port" "$work/root" "$work/host" "$work/id.pub" > server.log &
pids+=($!)
for port in "$sshd_port" "$our_port"; do
    for _ in $(seq 100); do
        (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.1
    done
done

# client SERVER CIPHER BATCH: one run of OpenSSH's sftp. Below sshd the data has an absolute path.
client() {
    local port user data
    case $1 in
        sshd) port=$sshd_port user=$(id -un) data=$work/root/data ;;
        ours) port=$our_port user=office data=/data ;;
    esac
    printf "%s\n" "${3//DATA/$data}" |
        sftp -q -F /dev/null -c "$2" -P "$port" -i "$work/id" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
            -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -b - "$user@127.0.0.1" > /dev/null
}

# seconds SERVER CIPHER STREAMS BATCH: how long so many clients at once take; N in a batch is the client's number.
seconds() {
    local begun clients=() n
    sync
    begun=$(date +%s%N)
    for n in $(seq "$3"); do
        client "$1" "$2" "${4//N/$n}" &
        clients+=($!)
    done
    for n in "${clients[@]}"; do wait "$n"; done
    echo "$(($(date +%s%N) - begun))" | awk '{ printf "%.3f\n", $1 / 1e9 }'
}

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# Makes room for a round. Many files are kept until the end: for minutes after they are removed, ext4 without a journal
# looks through them all at each file that is made, which took sshd two thirds more time.
n_put_by=0
put_by() {
    find root/data/in back -maxdepth 1 -type f -delete
    mkdir -p done
    n_put_by=$((n_put_by + 1))
    mv root/data/in "done/in.$n_put_by"
    mv back "done/back.$n_put_by"
    mkdir root/data/in back
}

# compare LABEL CIPHER STREAMS BATCH WANTED: both servers in turn, so that neither has the quieter minute.
compare() {
    local round one other
    : > times.sshd
    : > times.ours
    for round in $(seq "$rounds"); do
        say "$1, $2, streams $3, round $round"
        for server in sshd ours; do
            put_by
            seconds "$server" "$2" "$3" "$4" >> "times.$server"
        done
    done
    one=$(median < times.sshd)
    other=$(median < times.ours)
    awk -v label="$1" -v cipher="${2%%@*}" -v streams="$3" -v one="$one" -v other="$other" -v wanted="${5:-}" 'BEGIN {
        met = wanted == "" ? "" : one / other >= wanted ? "met" : "**missed**"
        printf "| %s | %s | %d | %.2f | %.2f | %.2f × | %s | %s |\n",
            label, cipher, streams, one, other, one / other, wanted == "" ? "" : "≥ " wanted " ×", met }'
}

echo "| what | cipher | streams | sshd s | ours s | as fast | wanted | |"
echo "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
declare -A wanted=([1]=1.3 [4]=1.0)
for cipher in aes128-gcm@openssh.com aes256-ctr chacha20-poly1305@openssh.com; do
    for streams in 1 4; do
        compare "get $mebibytes MiB" "$cipher" "$streams" "get DATA/big $work/back/N" "${wanted[$streams]}"
        compare "put $mebibytes MiB" "$cipher" "$streams" "put $work/root/data/big DATA/in/N" "${wanted[$streams]}"
    done
done
# Ours makes every file durable before it answers; sshd does only when it is asked to (-f).
compare "put -f $mebibytes MiB" aes128-gcm@openssh.com 1 "put -f $work/root/data/big DATA/in/N"
compare "get $files x 4 KiB" aes128-gcm@openssh.com 1 "get -r DATA/many $work/back/many" 1.3
compare "put $files x 4 KiB" aes128-gcm@openssh.com 1 "put -r $work/root/data/many DATA/in/many" 1.3
compare "put -f $files x 4 KiB" aes128-gcm@openssh.com 1 "put -f -r $work/root/data/many DATA/in/many"
