"""The Debian packages as a user meets them: packed by CPack, installed by apt in a bare Debian 12, used there.

deb_test.py PROGRAM tests/models/golden SOURCE_FOLDER BUILD_FOLDER
Needs root (chroot, mount) and debootstrap; the mirror is the one that this machine's apt uses."""

import os
import pathlib
import re
import shutil
import sys
import unittest

SOURCE, BUILD = pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
sys.path.insert(0, str(SOURCE / "tests/cli"))
from program import PROGRAM, ProgramTest, attune, do, sentences, skip_all  # noqa: E402  (it reads sys.argv)

RELEASE = "bookworm"
os.environ |= {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def mirror():
    """That of this machine's apt, whatever form its list has."""
    for file in [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]:
        if file.is_file():
            found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s*(\S+/debian/?)\s*", file.read_text(), re.M)
            if found:
                return found[1]
    skip_all("apt's list names no Debian mirror")


class Deb(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.geteuid() != 0:
            skip_all("a chroot needs root")
        for tool in ("debootstrap", "dpkg-shlibdeps", "file", "unshare"):
            if not shutil.which(tool):
                skip_all(f"{tool} is not installed (apt-get install debootstrap dpkg-dev file)")
        cls.packages = BUILD / "test-deb"
        shutil.rmtree(cls.packages, ignore_errors=True)
        do("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.packages)
        cls.root = cls.folder / "root"
        try:
            do("debootstrap", "--variant=minbase", RELEASE, cls.root, mirror())
        except RuntimeError as error:
            skip_all(f"debootstrap did not come to its end: {str(error)[-400:]}")
        (cls.root / "packages").mkdir()
        for package in cls.packages.glob("*.deb"):
            shutil.copy(package, cls.root / "packages")
        cls.inside("apt-get", "update", "-qq")
        cls.inside("sh", "-c", "apt-get install -y -qq --no-install-recommends /packages/attune_*.deb")

    @classmethod
    def inside(cls, *command, **more):
        """Runs in the chroot. /proc is mounted in a namespace of the command's own, so that nothing is left mounted, whatever happens."""
        return do("unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', cls.root, *command, **more)

    def test_what_it_depends_on(self):
        (package,) = self.packages.glob("attune_*.deb")
        depends = do("dpkg-deb", "-f", package, "Depends")
        for library in ("libdnnl2", "libgomp1", "libfmt9", "libssl3", "libzip4", "libstdc++6", "libc6"):
            self.assertIn(library, depends)
        self.assertNotIn("-dev", depends)
        self.assertNotIn("python", depends)

    def test_the_program_answers_as_here(self):
        self.assertEqual(self.inside("attune", "--version"), attune("--version").stdout.decode())
        model = self.make_model("model", id2label=None, label2id=None)
        shutil.copytree(model, self.root / "model")
        (self.root / "train.csv").write_text(sentences(60, 1))
        options = ["--epochs", "1", "--lr", "1e-3", "--threads", "1", "--no-ladder"]
        self.inside("attune", "train", "--model", "/model", "--train", "/train.csv", "--out", "/trained", *options)
        self.succeeded(attune("train", "--model", model, "--train", self.root / "train.csv", "--out", self.folder / "run", *options))
        self.assertEqual((self.root / "trained/model.safetensors").read_bytes(), (self.folder / "run/model.safetensors").read_bytes())
        texts = "w1 w2\nw5 w6\n"
        self.assertEqual(self.inside("attune", "predict", "--model", "/trained", input=texts), self.succeeded(attune("predict", "--model", self.folder / "run", stdin=texts)).stdout.decode())

    def test_the_service_is_understood(self):
        """By systemd itself. The program is named as installed; that it serves is the server's own test."""
        self.inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", "systemd")
        said = self.inside("systemd-analyze", "verify", "/usr/lib/systemd/system/attune-serve.service")
        self.assertEqual(said.strip(), "")
        table = self.inside("systemd-analyze", "security", "--offline=true", "/usr/lib/systemd/system/attune-serve.service")
        exposure = re.search(r"exposure level[^:]*: ([0-9.]+)", table)
        self.assertTrue(exposure, table)
        self.assertLess(float(exposure[1]), 2.5, table)

    def test_zz_a_program_is_built_with_the_headers(self):
        self.inside("sh", "-c", "apt-get install -y -qq --no-install-recommends /packages/attune-dev_*.deb gcc libc6-dev")
        shutil.copy(SOURCE / "examples/embed/predict.c", self.root)
        self.inside("gcc", "/predict.c", "-o", "/predict", "-lattune_c")
        model = self.make_model("headers")
        shutil.copytree(model, self.root / "headers")
        self.assertEqual(self.inside("/predict", "/headers", input="w1 w2\n"), self.succeeded(attune("predict", "--model", model, stdin="w1 w2\n")).stdout.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
