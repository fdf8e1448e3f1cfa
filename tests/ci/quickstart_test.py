"""ci/quickstart with stubs for the build: its exit code tells a broken setup from a tool that
found something, and one line says which."""

import shutil
import unittest

from stub_commands import StubCommands
from tree_fixture import REPOSITORY


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.stubs = StubCommands()
        self.addCleanup(self.stubs.cleanup)
        self.tree = self.stubs.folder / "tree"
        (self.tree / "ci").mkdir(parents=True)
        (self.tree / "build/release/bin").mkdir(parents=True)
        shutil.copy(REPOSITORY / "ci/quickstart", self.tree / "ci/quickstart")
        self.stubs.add("cmake")
        self.write_program("ci/bootstrap", '[[ "$*" == --build ]]')

    def write_program(self, path, body):
        file = self.tree / path
        file.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        file.chmod(0o755)

    def run_with_dearth_exiting(self, code):
        self.write_program("build/release/bin/dearth", f'echo "dearth $*"; exit {code}')
        return self.stubs.run(self.tree / "ci/quickstart", cwd="/")

    def test_it_builds_the_release_preset_and_runs_the_main_job(self):
        run = self.run_with_dearth_exiting(0)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.stubs.calls("cmake")[0], "--preset release")
        self.assertIn("\ndearth run scenarios/lua/\n", run.stdout)
        self.assertIn("\nquickstart: it works, and these scripts survive", run.stdout)

    def test_findings_do_not_look_like_a_broken_setup(self):
        run = self.run_with_dearth_exiting(1)
        self.assertEqual(run.returncode, 1)
        self.assertIn("\nquickstart: it works, and it found the defects listed above", run.stdout)

    def test_another_exit_code_is_passed_on(self):
        run = self.run_with_dearth_exiting(70)
        self.assertEqual(run.returncode, 70)
        self.assertIn("dearth ended with exit code 70", run.stdout)

    def test_a_setup_that_fails_has_a_code_of_its_own_and_runs_nothing(self):
        for stub in ("exit 1", '[[ "$*" != *--build* ]]'):
            self.stubs.add("cmake", stub)
            run = self.run_with_dearth_exiting(0)
            self.assertEqual(run.returncode, 100)
            self.assertIn("quickstart: setup failed: ", run.stderr)
            self.assertNotIn("dearth run", run.stdout)

    def test_missing_packages_have_the_same_code(self):
        self.write_program("ci/bootstrap", "exit 1")
        self.assertEqual(self.run_with_dearth_exiting(0).returncode, 100)
        self.assertEqual(self.stubs.calls("cmake"), [])


if __name__ == "__main__":
    unittest.main()
