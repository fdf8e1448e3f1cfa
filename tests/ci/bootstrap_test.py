"""ci/bootstrap against stubs of dpkg-query, apt-get, id and sudo: what it would do on machines
that are not this one. Nothing is installed."""

import unittest

from stub_commands import StubCommands
from tree_fixture import REPOSITORY

BOOTSTRAP = REPOSITORY / "ci/bootstrap"
# Bash: this stub of dpkg-query finds a package that no file of missing/ names.
DPKG_QUERY = '[[ -e "{0}/missing/${{!#}}" ]] && exit 1; echo -n installed'
INSTALL = 'if [[ $1 == install && $* != *--simulate* ]]; then rm -f "{0}"/missing/*; fi'


class Bootstrap(unittest.TestCase):
    def setUp(self):
        self.stubs = StubCommands()
        self.addCleanup(self.stubs.cleanup)
        self.missing = self.stubs.folder / "missing"
        self.missing.mkdir()
        self.stubs.add("dpkg-query", DPKG_QUERY.format(self.stubs.folder))
        self.stubs.add("apt-get", INSTALL.format(self.stubs.folder))
        self.stubs.add("id", "echo 0")
        self.stubs.add("sudo", "exit 1")

    def lose(self, *packages):
        for package in packages:
            (self.missing / package).touch()

    def run_bootstrap(self, *arguments):
        return self.stubs.run(BOOTSTRAP, *arguments)

    def test_with_everything_there_it_touches_nothing(self):
        self.stubs.add("id", "echo 1000")
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"^bootstrap: all \d+ packages are installed\n$")
        self.assertEqual((self.stubs.calls("apt-get"), self.stubs.calls("sudo")), ([], []))

    def test_root_installs_what_is_missing_and_nothing_else(self):
        self.lose("cmake", "gdb")
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 0, run.stderr)
        installs = [c for c in self.stubs.calls("apt-get") if "--simulate" not in c]
        self.assertEqual(len(installs), 1)
        self.assertTrue(installs[0].startswith("install --yes --no-install-recommends"))
        self.assertEqual(sorted(installs[0].split()[-2:]), ["cmake", "gdb"])
        self.assertEqual(self.stubs.calls("sudo"), [])

    def test_building_needs_fewer_packages_than_checking(self):
        self.lose("gdb")
        self.assertEqual(self.run_bootstrap("--build").returncode, 0)
        self.assertEqual(self.stubs.calls("apt-get"), [])

    def test_package_lists_are_updated_only_when_they_do_not_serve(self):
        self.lose("cmake")
        self.stubs.add("apt-get", f'[[ $1 != update ]] || touch "{self.missing}/.updated"\n'
                       f'[[ $1 != install || -e "{self.missing}/.updated" ]] || exit 100\n' +
                       INSTALL.format(self.stubs.folder))
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 0, run.stderr)
        words = [call.split()[0] for call in self.stubs.calls("apt-get")]
        self.assertEqual(words, ["install", "update", "install"])

    def test_without_root_and_sudo_it_names_what_is_missing(self):
        self.stubs.add("id", "echo 1000")
        self.lose("cmake", "libfmt-dev")
        run = self.run_bootstrap("--build")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(run.stderr, "bootstrap: missing packages: cmake libfmt-dev\n  not root, "
                         "and no sudo without a password; run: apt-get install cmake libfmt-dev\n")
        self.assertEqual(self.stubs.calls("apt-get"), [])

    def test_without_root_it_uses_a_sudo_that_does_not_ask(self):
        self.stubs.add("id", "echo 1000")
        self.stubs.add("sudo", '[[ $1 == -n ]] || exit 1; shift; exec "$@"')
        self.lose("cmake")
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("-n env DEBIAN_FRONTEND=noninteractive apt-get install --yes",
                      self.stubs.calls("sudo")[-1])

    def test_an_apt_get_that_fails_is_an_error(self):
        self.lose("cmake")
        self.stubs.add("apt-get", "exit 100")
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 1)
        self.assertIn("bootstrap: apt-get could not install: cmake\n", run.stderr)

    def test_an_apt_get_that_installs_nothing_is_an_error(self):
        self.lose("cmake")
        self.stubs.add("apt-get")
        run = self.run_bootstrap()
        self.assertEqual(run.returncode, 1)
        self.assertIn("bootstrap: apt-get succeeded, yet not installed: cmake\n", run.stderr)

    def test_an_unknown_argument_is_refused(self):
        run = self.run_bootstrap("--everything")
        self.assertEqual((run.returncode, run.stderr),
                         (2, "usage: ci/bootstrap [--build|--check]\n"))

    def test_every_package_has_a_stage_and_a_reason_and_stands_once(self):
        packages = []
        for line in (REPOSITORY / "ci/packages.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                stage, package, reason = line.split(None, 2)
                self.assertIn(stage, ("build", "check"), line)
                self.assertTrue(reason, line)
                packages.append(package)
        self.assertEqual(len(packages), len(set(packages)))
        self.assertGreater(len(packages), 20)


if __name__ == "__main__":
    unittest.main()
