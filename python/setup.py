"""The one thing that pyproject.toml cannot say: the wheel holds programs for one kind of machine and serves every Python 3."""

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class ForAnyPython3(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class WithPrograms(Distribution):
    def has_ext_modules(self):
        return True


setup(distclass=WithPrograms, cmdclass={"bdist_wheel": ForAnyPython3})
