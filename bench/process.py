"""Runs one command to its end and says how long it took and how much memory it had."""
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass


@dataclass
class Finished:
    seconds: float
    peak_mib: float  # max RSS of the process, or of a child of its own that it waited for
    stdout: str
    stderr: str
    code: int

    def reason(self):
        """The last line of what a failed command said."""
        lines = [line.strip() for line in (self.stderr + "\n" + self.stdout).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.code}"


def run(command, env=None, limit_s=3600):
    """`env` is laid over the environment. Wall time from before the start to after the end; output goes to files."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out, \
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err:
        began = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=os.environ | {key: str(value) for key, value in (env or {}).items()})
        alarm = threading.Timer(limit_s, child.kill)
        alarm.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        finally:
            alarm.cancel()
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, err):
            file.seek(0)
        return Finished(seconds, usage.ru_maxrss / 1024, out.read(), err.read(), child.returncode)
