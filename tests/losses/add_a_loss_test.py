"""A new loss is a header, a source and its place in the list, nothing else: tools/new_loss.py on a scratch copy, compiled against
the libraries of this build, passes every check.   add_a_loss_test.py SOURCE_ROOT BUILD CXX"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BUILD, CXX = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
PROGRAM = """
#include <cstdio>
#include "attune/losses/check/check.h"
#include "attune/losses/loss_list.h"
int main() {
  const auto report = attune::losses::check_loss(attune::losses::loss_named("my_new_loss"));
  for (const auto& r : report.results) std::printf("%s %s %g\\n", r.check, r.passed() ? "held" : "FAILED", r.error);
  return report.passed() ? 0 : 1;
}
"""


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def link_flags():
    """What the program `attune` is linked with, from build.ninja."""
    block = re.search(r"^build attune: CXX_EXECUTABLE_LINKER.*?\n\n", (BUILD / "build.ninja").read_text(), re.S | re.M)[0]
    return [flag for key in ("LINK_FLAGS", "LINK_LIBRARIES") for flag in (re.search(rf"^  {key} = (.*)$", block, re.M) or ["", ""])[1].split()]


def run(*command, **how):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **how)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


with tempfile.TemporaryDirectory() as temporary:
    scratch = pathlib.Path(temporary)
    shutil.copytree(ROOT / "attune", scratch / "attune")
    before = files(scratch)
    run(sys.executable, ROOT / "tools/new_loss.py", "my_new_loss", scratch)
    after = files(scratch)
    touched = sorted(str(path) for path in after if before.get(path) != after[path])
    expected = ["attune/losses/classes/my_new_loss.cpp", "attune/losses/classes/my_new_loss.h", "attune/losses/loss_list.cpp"]
    assert touched == expected, touched
    old, new = (content[pathlib.Path("attune/losses/loss_list.cpp")].decode().splitlines() for content in (before, after))
    added = [line.strip() for line in new if line not in old]
    assert added == ['#include "attune/losses/classes/my_new_loss.h"', "&kMyNewLoss,"] and len(new) == len(old) + 2, added

    (scratch / "program.cpp").write_text(PROGRAM)
    objects = []
    for source in ("program.cpp", "attune/losses/loss_list.cpp", "attune/losses/classes/my_new_loss.cpp"):
        objects.append(scratch / (source.replace("/", "_") + ".o"))
        run(CXX, "-std=c++20", "-O1", "-I", scratch, "-c", scratch / source, "-o", objects[-1])
    run(CXX, *objects, *link_flags(), "-fopenmp", "-o", scratch / "program", cwd=BUILD)
    said = run(scratch / "program")
    print(said)
    assert said.count("held") == 12, said
