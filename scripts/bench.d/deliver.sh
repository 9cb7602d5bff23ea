#!/usr/bin/env bash
# usage: scripts/bench.d/deliver.sh [--quick] [--files N] [--binary GIVE]
# Gives files to OpenSSH's server on this machine by our client and by OpenSSH's: 500 small files over a round trip of
# 20 ms (a proxy of our own), and one large file over the loopback. Seconds are medians of three rounds, round-robin;
# each row says how many times as fast ours is, and what is wanted. --binary takes a built example `give` (default: built for release).
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=3 n_files=500 large_mib=1024 binary=
while [ $# -gt 0 ]; do
    case "$1" in
        --quick) rounds=1 n_files=100 large_mib=64; shift ;;
        --files) n_files=$2; shift 2 ;;
        --binary) binary=$2; shift 2 ;;
        *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
    esac
done
if [ -z "$binary" ]; then
    cargo build --release --quiet --locked -p renkei-sftp --example give
    binary=target/release/examples/give
fi
binary=$(realpath "$binary")

work=$(mktemp -d)
pids=()
# Ends what was started here, by its id.
end() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap end EXIT

ssh-keygen -q -N '' -t ed25519 -f "$work/host"
ssh-keygen -q -N '' -t ed25519 -f "$work/id"
mkdir -p "$work/small" "$work/large" /run/sshd 2>/dev/null || true
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$work/sshd_config" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $work/host
AuthorizedKeysFile $work/id.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
Ciphers aes128-gcm@openssh.com
Subsystem sftp internal-sftp
CONFIG
touch "$work/sshd.log" "$work/proxy.port"
/usr/sbin/sshd -D -e -f "$work/sshd_config" 2> "$work/sshd.log" &
pids+=($!)
until grep -q 'Server listening' "$work/sshd.log"; do sleep 0.1; done
python3 scripts/bench.d/delay_proxy.py "$port" 10 > "$work/proxy.port" &
pids+=($!)
until [ -s "$work/proxy.port" ]; do sleep 0.1; done
far=$(cat "$work/proxy.port")
fingerprint=$(ssh-keygen -lf "$work/host.pub" | cut -d' ' -f2)

for no in $(seq "$n_files"); do head -c 4096 /dev/urandom > "$work/small/$(printf '%05d' "$no").csv"; done
head -c "$((large_mib * 1024 * 1024))" /dev/urandom > "$work/large/00001.csv"
echo done > "$work/large/z.done"

options=(-q -i "$work/id" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o Ciphers=aes128-gcm@openssh.com)

# openssh FOLDER PORT: seconds.
openssh() {
    rm -rf "$work/in"; mkdir "$work/in"
    printf 'put %s/* %s/\n' "$1" "$work/in" > "$work/batch"
    local began; began=$(date +%s.%N)
    sftp "${options[@]}" -P "$2" -b "$work/batch" "$(id -un)@127.0.0.1" > /dev/null
    echo "$(date +%s.%N) $began" | awk '{printf "%.3f\n", $1 - $2}'
    diff -rq "$1" "$work/in" >&2
}

# ours BACKEND FOLDER PORT: seconds.
ours() {
    rm -rf "$work/in"; mkdir "$work/in"
    "$binary" "$1" 127.0.0.1 "$3" "$(id -un)" "$work/id" "$fingerprint" "$work/in" "$2" | cut -d' ' -f1
    diff -rq "$2" "$work/in" >&2
}

median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

for _ in $(seq "$rounds"); do
    openssh "$work/small" "$far" >> "$work/far.openssh"
    ours pipelined "$work/small" "$far" >> "$work/far.pipelined"
    ours ssh2 "$work/small" "$far" >> "$work/far.ssh2"
    openssh "$work/large" "$port" >> "$work/near.openssh"
    ours pipelined "$work/large" "$port" >> "$work/near.pipelined"
    ours ssh2 "$work/large" "$port" >> "$work/near.ssh2"
done

row() {
    local theirs mine
    theirs=$(median "$work/$1.openssh"); mine=$(median "$work/$1.$2")
    echo "$theirs $mine" | awk -v what="$3" -v by="$2" -v wanted="${4:-}" '{
        met = wanted == "" ? "" : $1 / $2 >= wanted ? "met" : "**missed**"
        printf "| %s | %s | %s | %s | %.2f × | %s | %s |\n", what, by, $2, $1, $1 / $2, wanted == "" ? "" : "≥ " wanted " ×", met}'
}
echo "| what | ours | s | OpenSSH sftp s | as fast | wanted | |"
echo "| --- | --- | ---: | ---: | ---: | ---: | --- |"
row far pipelined "$n_files files of 4 KiB, round trip 20 ms" 20
row far ssh2 "$n_files files of 4 KiB, round trip 20 ms"
row near pipelined "$large_mib MiB, loopback, put"
row near ssh2 "$large_mib MiB, loopback, put"
