"""Runs one command to its end: how long it took, how much memory it had, and how much of the machine others used meanwhile.

The command is started by a small Python of its own (this file as a program), because Linux counts the memory of the process
that starts another into the peak of the one started: a driver that holds a corpus would show up in every engine's figure.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time


class Finished:
    """What a run left. `others`: share of all processors that other processes, or the machine's host, took; None: not known.
    `peak_mib`: of the process, or of a child of its own that it waited for."""

    def __init__(self, report, stdout, stderr):
        self.seconds, self.peak_mib, self.code, self.others = (report[key] for key in ("seconds", "peak_mib", "code", "others"))
        self.stdout, self.stderr = stdout, stderr

    def reason(self):
        """The last line of what a failed command said."""
        lines = [line.strip() for line in (self.stdout + "\n" + self.stderr).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.code}"


def run(command, env=None, limit_s=3600):
    """`env` is laid over the environment. A command that runs longer than the limit is killed."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out, \
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err, \
            tempfile.NamedTemporaryFile("r", encoding="utf-8") as report:
        subprocess.run([sys.executable, "-I", "-S", os.path.abspath(__file__), report.name, str(limit_s), *(str(part) for part in command)],
                       stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                       env=os.environ | {"ATTUNE_BENCH_ENV": json.dumps({key: str(value) for key, value in (env or {}).items()})})
        for file in (out, err):
            file.seek(0)
        text = report.read()
        if not text:
            raise RuntimeError(f"the launcher failed: {err.read()}")
        return Finished(json.loads(text), out.read(), err.read())


def busy_seconds():
    """Processor seconds since the start that were not idle, of everybody, those taken by the host included; None: not known."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def launch(command, env, limit_s):
    """The report of one run: wall time from before the start to after the end."""
    busy, began = busy_seconds(), time.perf_counter()
    try:
        child = os.posix_spawnp(command[0], command, env)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return {"seconds": 0.0, "peak_mib": 0.0, "code": 127, "others": None}
    alarm = threading.Timer(limit_s, os.kill, (child, 9))
    alarm.start()
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    alarm.cancel()
    others = None
    if busy is not None:
        others = max(0.0, busy_seconds() - busy - usage.ru_utime - usage.ru_stime) / seconds / os.cpu_count()
    return {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status), "others": others}


def main():
    report, limit_s, *command = sys.argv[1:]
    env = dict(os.environ)
    env |= json.loads(env.pop("ATTUNE_BENCH_ENV"))
    result = launch(command, env, float(limit_s))
    with open(report, "w", encoding="utf-8") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main()
