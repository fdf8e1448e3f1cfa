"""ci/check on a copy of the scripts with stubs in place of compilers and checkers: every step is
run, a failure stops nothing and is never lost, the last line counts."""

import re
import shutil
import unittest

from stub_commands import StubCommands
from tree_fixture import REPOSITORY

TOOLS = ("cmake", "ctest", "clang-format", "run-clang-tidy", "shellcheck", "python3", "git")


class Check(unittest.TestCase):
    def setUp(self):
        self.stubs = StubCommands()
        self.addCleanup(self.stubs.cleanup)
        self.tree = self.stubs.folder / "tree"
        shutil.copytree(REPOSITORY / "ci", self.tree / "ci")
        shutil.copytree(REPOSITORY / ".ci", self.tree / ".ci")
        for tool in TOOLS:
            self.stubs.add(tool)
        for script in ("bootstrap", "quickstart"):
            self.write_program(f"ci/{script}", "exit 0")
        self.write_program("build/fuzz/bin/schedule_text_fuzzer", "exit 0")
        self.write_program("build/fuzz/bin/canary_fuzzer", "exit 77")

    def write_program(self, path, body):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        file.chmod(0o755)

    def run_check(self, *arguments, script="ci/check"):
        return self.stubs.run(self.tree / script, *arguments, cwd="/")

    def steps(self):
        return [line.split()[0] for line in self.run_check("--list").stdout.splitlines()]

    def answers(self, run):
        """Step to ok or FAILED, in order, from the lines of a run."""
        return dict(re.findall(r"(?m)^(\w+) +(ok|FAILED) +\d+ s$", run.stdout))

    def test_all_steps_pass_and_the_last_line_counts_them(self):
        run = self.run_check()
        steps = self.steps()
        self.assertEqual(self.answers(run), dict.fromkeys(steps, "ok"), run.stdout)
        self.assertEqual(run.stdout.splitlines()[-1], f"{len(steps)} passed, 0 failed")
        self.assertEqual(run.returncode, 0)

    def test_the_entry_of_ci_runs_all_steps_from_anywhere(self):
        run = self.run_check(script=".ci/run")
        self.assertEqual(list(self.answers(run)), self.steps())

    def test_a_failure_stops_nothing_and_its_log_is_shown(self):
        self.stubs.add("shellcheck", "echo a tab too many; exit 1")
        self.stubs.add("ctest", "echo a test failed; exit 8")
        run = self.run_check()
        steps = self.steps()
        expected = dict.fromkeys(steps, "ok") | dict.fromkeys(
            ("shell", "tests", "asan", "tsan"), "FAILED")
        self.assertEqual(self.answers(run), expected)
        self.assertIn("--- end of build/check/shell.log\na tab too many\n", run.stdout)
        self.assertNotIn("a test failed", run.stdout)
        self.assertEqual(run.stdout.splitlines()[-1], f"{len(steps) - 4} passed, 4 failed")
        self.assertEqual(run.returncode, 1)

    def test_a_build_that_fails_fails_its_step_and_its_tests(self):
        self.stubs.add("cmake", '[[ "$*" != *--build* ]]')
        run = self.run_check("--only", "gcc", "tests", "includes")
        self.assertEqual(self.answers(run), {"includes": "ok", "gcc": "FAILED", "tests": "FAILED"})
        self.assertEqual(self.stubs.calls("ctest"), [])

    def test_a_configuration_that_fails_fails_every_build(self):
        self.stubs.add("cmake", '[[ "$*" == *--build* ]]')
        run = self.run_check("--only", "gcc", "clang", "tidy", "fuzz")
        self.assertEqual(set(self.answers(run).values()), {"FAILED"})

    def test_a_canary_that_survives_fails_the_fuzz_step(self):
        self.write_program("build/fuzz/bin/canary_fuzzer", "exit 0")
        self.assertEqual(self.answers(self.run_check("--only", "fuzz")), {"fuzz": "FAILED"})

    def test_a_fuzzer_that_fails_fails_the_fuzz_step(self):
        self.write_program("build/fuzz/bin/schedule_text_fuzzer", "exit 77")
        self.assertEqual(self.answers(self.run_check("--only", "fuzz")), {"fuzz": "FAILED"})

    def test_no_fuzzer_but_the_canary_fails_the_fuzz_step(self):
        (self.tree / "build/fuzz/bin/schedule_text_fuzzer").unlink()
        self.assertEqual(self.answers(self.run_check("--only", "fuzz")), {"fuzz": "FAILED"})

    def test_a_format_violation_in_any_file_fails(self):
        self.stubs.add("git", "printf 'a.h\\0gone.h\\0'")
        (self.tree / "a.h").touch()
        self.stubs.add("clang-format", '[[ $* != *a.h* ]]')
        self.assertEqual(self.answers(self.run_check("--only", "format")), {"format": "FAILED"})
        self.assertEqual(self.stubs.calls("clang-format")[-1], "--dry-run -Werror a.h")

    def test_a_git_that_cannot_list_files_fails_the_format_step(self):
        self.stubs.add("git", "exit 128")
        self.assertEqual(self.answers(self.run_check("--only", "format")), {"format": "FAILED"})

    def test_the_list_has_a_purpose_for_every_step(self):
        run = self.run_check("--list")
        self.assertEqual(run.returncode, 0)
        for line in run.stdout.splitlines():
            self.assertRegex(line, r"^\w+ +\S+ \S+")

    def test_an_unknown_step_is_named(self):
        run = self.run_check("--only", "everything")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("no step 'everything'", run.stderr)

    def test_only_without_a_step_is_refused(self):
        self.assertEqual(self.run_check("--only").returncode, 2)

    def test_an_unknown_argument_is_named(self):
        run = self.run_check("--fast")
        self.assertEqual(run.returncode, 2)
        self.assertIn("unknown argument '--fast'", run.stderr)


if __name__ == "__main__":
    unittest.main()
