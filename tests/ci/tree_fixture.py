"""A small source tree in a scratch folder, on which a checker of ci/ is run as CI runs it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent


class TreeTest(unittest.TestCase):
    """Gives each test an empty tree and the means to fill it and to run a checker over it."""

    checker = None  # file name in ci/

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run_checker(self):
        """Exit code, lines on standard output, text on standard error."""
        run = subprocess.run(
            [sys.executable, str(REPOSITORY / "ci" / self.checker), "--root", str(self.root)],
            capture_output=True, text=True, timeout=60, check=False)
        return run.returncode, run.stdout.splitlines(), run.stderr

    def assert_clean(self):
        code, lines, errors = self.run_checker()
        self.assertEqual((code, lines[:-1], errors), (0, [], ""))

    def assert_violations(self, *expected):
        """Exactly these lines, and the exit code that says so."""
        code, lines, errors = self.run_checker()
        self.assertEqual(lines[:-1], list(expected))
        self.assertTrue(lines[-1].endswith(f"{len(expected)} violations"), lines[-1])
        self.assertEqual((code, errors), (1, ""))
