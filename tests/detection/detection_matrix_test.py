"""The matrix's own gate: each thing it is there to catch turns it red, and nothing else does."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import detection_matrix as matrix_of
from detection_tools import OURS_REPORT, Asan, Ours, Outcome, Run

HERE = pathlib.Path(__file__).resolve().parent
FOUND = Outcome(True, False, {"overflow"}, 86)
QUIET = Outcome(False, False, set(), 0)
OVERWRITE = matrix_of.Variant("program", "overwrite-byte-off1-malloc-24", 122, "overflow", False)


def mistakes_with(changes, variant=OVERWRITE):
    """What the gate says of a faultless matrix with some outcomes replaced."""
    ours = [Ours(name, "library", "bytes") for name in ("bytes", "rear", "front")]
    matrix = matrix_of.Matrix(pathlib.Path(), ours, [Asan()], 0)
    for name in ("bytes", "rear", "front", "asan"):
        matrix.outcomes[variant, "bad", name] = FOUND._replace(kinds={variant.report})
        matrix.outcomes[variant, "good", name] = QUIET
    for (which, name), outcome in changes.items():
        matrix.outcomes[variant, which, name] = outcome
    return list(matrix_of.find_mistakes(matrix, [variant]))


class GateTest(unittest.TestCase):
    def test_a_faultless_matrix_is_green(self):
        self.assertEqual(mistakes_with({}), [])

    def test_one_page_run_is_enough(self):
        self.assertEqual(mistakes_with({("bad", "rear"): QUIET}), [])

    def test_a_miss_of_both_page_runs_is_red(self):
        lines = mistakes_with({("bad", "rear"): QUIET, ("bad", "front"): QUIET})
        self.assertEqual(len(lines), 1)
        self.assertIn("missed; found by asan", lines[0])

    def test_what_nobody_else_finds_is_not_demanded(self):
        self.assertEqual(mistakes_with({("bad", "rear"): QUIET, ("bad", "front"): QUIET,
                                        ("bad", "asan"): QUIET}), [])

    def test_a_miss_of_guard_bytes_within_their_reach_is_red(self):
        self.assertIn("bytes: program", mistakes_with({("bad", "bytes"): QUIET})[0])
        far = OVERWRITE._replace(name="overwrite-byte-off64-malloc-24")
        self.assertEqual(mistakes_with({("bad", "bytes"): QUIET}, far), [])

    def test_a_report_of_a_good_twin_is_red(self):
        self.assertIn("false alarm", mistakes_with({("good", "front"): FOUND})[0])

    def test_a_good_twin_that_fails_is_red(self):
        failed = QUIET._replace(status=1)
        self.assertIn("false alarm", mistakes_with({("good", "bytes"): failed})[0])

    def test_a_wrong_name_is_red(self):
        wrong = FOUND._replace(kinds={"double free"})
        self.assertIn("is overflow, called double free", mistakes_with({("bad", "rear"): wrong})[0])

    def test_a_hang_is_red(self):
        hung = QUIET._replace(is_overdue=True, status=None)
        self.assertIn("no end", mistakes_with({("bad", "bytes"): hung})[0])

    def test_a_death_without_a_report_is_red(self):
        mute = Outcome(True, False, set(), -11)
        lines = mistakes_with({("bad", name): mute for name in ("rear", "front")})
        self.assertIn("dies without a report", lines[0])


class SlackTest(unittest.TestCase):
    def test_only_over_reads_within_the_padding(self):
        for name, cwe, expected in (("overread-byte-off44-memalign-64-20", 126, True),
                                    ("overread-byte-off45-memalign-64-20", 126, False),
                                    ("overread-byte-off1-memalign-64-64", 126, False),
                                    ("overread-byte-off1-valloc-4095-kept", 126, True),
                                    ("overread-byte-off1-malloc-20", 126, False),
                                    ("overwrite-byte-off1-memalign-64-20", 122, False)):
            variant = OVERWRITE._replace(name=name, cwe=cwe)
            self.assertEqual(matrix_of.lies_in_slack(variant), expected, name)


class OursTest(unittest.TestCase):
    def test_reports_are_read_from_standard_error(self):
        text = "noise\ndearth: use after free: block 0x1 in domain raw\n"
        self.assertEqual(OURS_REPORT.findall(text), ["use after free"])
        outcome = Ours._judge(Run(-11, text, False))
        self.assertTrue(outcome.found)
        self.assertEqual(outcome.kinds, {"use after free"})
        self.assertEqual(Ours._judge(Run(-11, "", False)), Outcome(True, False, set(), -11))
        self.assertFalse(Ours._judge(Run(0, "dearth: 3 requests", False)).found)


class BadInputTest(unittest.TestCase):
    def run_with(self, *arguments):
        return subprocess.run([sys.executable, HERE / "detection_matrix.py", *arguments],
                              capture_output=True, text=True, check=False)

    def test_a_folder_without_the_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_with(folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("build the target dearth_detection_c", done.stderr)

    def test_numbers_out_of_range(self):
        self.assertEqual(self.run_with(".", "--jobs", "0").returncode, 2)


if __name__ == "__main__":
    unittest.main()
