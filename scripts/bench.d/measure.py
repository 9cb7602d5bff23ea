"""Runs commands one after the other as one case, and appends what they took to a file of JSON lines.

usage: measure.py RESULTS CASE WHO RESIDENTS -- COMMAND... [--then COMMAND...]

Wall clock: from the first start to the last end. User and system time: of the commands and, where one prints
"backend-stat" and the backend's /proc/self/stat, of that PostgreSQL backend and the programs it ran. Peak memory:
of the largest command, or for PostgreSQL the backend's own memory at its end, shared buffers left out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def run(command, folder):
    """Runs one command under time(1), whose own memory is small; gives output, seconds and peak in KiB."""
    peak = os.path.join(folder, "peak")
    process = subprocess.Popen(
        ["/usr/bin/time", "--quiet", "-f", "%M", "-o", peak, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process.stdout, process.stderr:
        # Both are a few lines: neither fills a pipe while the other is read.
        output, errors = process.stdout.read().decode(), process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"measure: {command[0]} ended with {process.returncode}\n{output}{errors}")
    with open(peak, encoding="ascii") as lines:
        return output, used.ru_utime + used.ru_stime, int(lines.read())


def backend(output):
    """The seconds and KiB that a PostgreSQL backend says it took; nothing where none does."""
    seconds, peak = 0.0, None
    for line in output.splitlines():
        name, _, value = line.partition(" ")
        if name == "backend-stat":
            # utime, stime, cutime and cstime are fields 14 to 17; the name before them may hold spaces.
            ticks = value.rpartition(")")[2].split()[11:15]
            seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        elif name == "backend-anon-kib":
            peak = int(value)
    return seconds, peak


def main():
    results, case, who, residents, separator, *words = sys.argv[1:]
    if separator != "--" or not words:
        sys.exit(__doc__)
    commands = [[]]
    for word in words:
        if word == "--then":
            commands.append([])
        else:
            commands[-1].append(word)
    cpu_s, peak_kib = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        for command in commands:
            output, seconds, peak = run(command, folder)
            backend_s, backend_kib = backend(output)
            cpu_s += seconds + backend_s
            peak_kib = max(peak_kib, backend_kib or peak)
        wall_s = time.monotonic() - start
    figures = {"case": case, "who": who, "residents": int(residents)}
    figures |= {"wall_s": round(wall_s, 4), "cpu_s": round(cpu_s, 4), "peak_kib": peak_kib}
    with open(results, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(figures) + "\n")
    print(f"bench: {case:11} {who:16} {residents:>9} {wall_s:8.3f} s  cpu {cpu_s:8.3f} s  {peak_kib / 1024:7.1f} MiB", file=sys.stderr)


main()
