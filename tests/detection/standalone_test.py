"""The preload library without a harness: what a report says, how the process ends, and what is
said of options that cannot be read. The folder of programs and library is the first argument.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

FOLDER = pathlib.Path()
HEX = r"0x[0-9a-f]+"


def run(guard, *arguments, **variables):
    environment = dict(os.environ, LD_PRELOAD=str(FOLDER / "libdearth-preload.so"),
                       DEARTH_GUARD=guard, **variables)
    return subprocess.run([str(argument) for argument in arguments], env=environment,
                          capture_output=True, text=True, check=False, timeout=60)


def run_variant(guard, name, which="bad", program="dearth_detection_c"):
    return run(guard, FOLDER / program, name, which)


class ReportTest(unittest.TestCase):
    def test_damage_is_shown_beside_what_was_expected(self):
        text = run_variant("bytes", "overwrite-memcpy-off8-malloc-64").stderr
        self.assertRegex(text, rf"^dearth: overflow: block {HEX} in domain raw, by writing, "
                               r"thread 1\n"
                               r"  8 bytes changed, the first at 0 from the block's end\n"
                               r"    found    41 41 41 41 41 41 41 41\n"
                               r"    expected fd fd fd fd fd fd fd fd\n"
                               r"  asked for 64 bytes by request \d+\n"
                               r"  detected:\n    #0 dearth_detection_c\+0x")
        self.assertIn("\n  allocated:\n    #0 dearth_detection_c+0x", text)

    def test_damage_in_front_names_the_nearest_byte(self):
        text = run_variant("bytes", "underwrite-byte-off3-malloc-40").stderr
        self.assertIn("1 bytes changed, the first at -3 from the block's start\n"
                      "    found    41\n    expected fd\n", text)

    def test_a_use_after_free_has_all_three_stacks(self):
        for guard, name in (("bytes", "use-after-free-write-byte-malloc-100"),
                            ("page-rear", "use-after-free-read-byte-malloc-100")):
            text = run_variant(guard, name).stderr
            self.assertIn("dearth: use after free: block", text)
            titles = re.findall(r"^  (\w+):$", text, re.MULTILINE)
            self.assertEqual(titles[:3], ["detected", "allocated", "freed"], guard)

    def test_a_page_stops_a_read_at_its_instruction(self):
        done = run_variant("page-rear;exit=86", "overread-byte-off1-malloc-64")
        self.assertRegex(done.stderr, r"(?s)overflow: block .*, by reading, thread 1\n"
                                      r"  at 0 from the block's end\n"
                                      r"  asked for 64 bytes .*  detected:\n"
                                      r"    #0 dearth_detection_c\+")
        self.assertEqual(done.returncode, 86)

    def test_threads_are_told_apart(self):
        text = run_variant("bytes", "overwrite-byte-off1-malloc-30-thread").stderr
        self.assertRegex(text, r"^dearth: overflow: .*, thread 2\n")

    def test_a_mismatch_names_both_sides(self):
        done = run_variant("bytes", "mismatch-new-array-free", program="dearth_detection_cxx")
        self.assertIn("  made by new[], given to free\n", done.stderr)

    def test_lost_and_reachable_blocks_are_told_apart(self):
        name = "lost-or-reachable-malloc-40"
        lost = run_variant("bytes;leaks=all;exit=86", name)
        self.assertIn("dearth: leak: 40 bytes in 1 block lost\n  allocated:\n", lost.stderr)
        self.assertEqual(lost.returncode, 86)
        kept = run_variant("bytes;leaks=all;exit=86", name, "good")
        self.assertIn("dearth: still reachable: 40 bytes in 1 block\n", kept.stderr)
        self.assertEqual(kept.returncode, 0)
        self.assertNotIn("reachable", run_variant("bytes;leaks=lost", name, "good").stderr)
        self.assertNotIn("leak", run_variant("bytes", name).stderr)


class TransferTest(unittest.TestCase):
    """What the kernel would touch: it does not fault."""

    def run_script(self, body):
        script = ("import ctypes, os\n"
                  "libc = ctypes.CDLL(None)\n"
                  "libc.malloc.restype = ctypes.c_void_p\n"
                  "block = ctypes.c_void_p(libc.malloc(64))\n"
                  "ends = os.pipe()\n" + body)
        return run("page-rear;exit=86", sys.executable, "-S", "-c", script)

    def test_an_over_read_by_write_is_told(self):
        done = self.run_script("libc.write(ends[1], block, 65)")
        self.assertRegex(done.stderr, r"dearth: overflow: block .*, by reading, thread 1\n"
                                      r"  at 0 from the block's end\n")
        self.assertEqual(done.returncode, 86)

    def test_an_overflow_by_read_is_told(self):
        done = self.run_script("os.write(ends[1], b'x' * 65)\nlibc.read(ends[0], block, 65)")
        self.assertRegex(done.stderr, r"dearth: overflow: block .*, by writing, thread 1\n")
        self.assertEqual(done.returncode, 86)

    def test_a_read_told_too_much_that_gets_less_is_no_overflow(self):
        done = self.run_script("os.write(ends[1], b'x' * 10)\nlibc.read(ends[0], block, 4096)")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_transfers_within_a_block_are_silent(self):
        done = self.run_script("libc.write(ends[1], block, 64)\nlibc.read(ends[0], block, 64)")
        self.assertEqual(done.returncode, 0, done.stderr)


class EndTest(unittest.TestCase):
    def test_the_programs_own_status_stays_unless_asked_otherwise(self):
        name = "overwrite-byte-off1-malloc-24"
        self.assertEqual(run_variant("bytes", name).returncode, 0)
        self.assertEqual(run_variant("bytes;exit=86", name).returncode, 86)
        self.assertEqual(run_variant("bytes;exit=86", name, "good").returncode, 0)
        self.assertEqual(run_variant("bytes;stop=yes", name).returncode, -6)

    def test_buffered_output_is_not_lost(self):
        # Lost blocks are usual in a shell; what counts is that the status is replaced at all.
        script = "import ctypes, sys; ctypes.CDLL(None).malloc(10); sys.stdout.write('said')"
        done = run("bytes;leaks=lost;exit=86", sys.executable, "-S", "-c", script,
                   PYTHONMALLOC="malloc")
        self.assertEqual((done.stdout, done.returncode), ("said", 86), done.stderr)

    def test_a_crash_of_the_programs_own_is_said_and_stays_a_crash(self):
        done = run("bytes;exit=86", "/bin/sh", "-c", "kill -SEGV $$")
        self.assertEqual(done.returncode, -11)
        self.assertIn("dearth: the program dies of signal 11", done.stderr)

    def test_children_of_a_fork_are_looked_at_too(self):
        done = run("bytes;exit=86", "/bin/sh", "-c", "(exit 3); echo $?")
        self.assertEqual((done.stdout, done.returncode), ("3\n", 0))
        self.assertEqual(done.stderr.count(" faults injected, 0 misuses"), 2, done.stderr)


class BadOptionTest(unittest.TestCase):
    def test_one_line_says_where_and_what(self):
        for guard, line in (
                ("byte", "character 1: unknown guard 'byte', did you mean 'bytes'?"),
                ("bytes;exit=900", "character 12: exit: '900' is too large, at most 255"),
                ("page-rear;align=3", "character 17: align: no power of two"),
                ("bytes;before=64;after=1", "character 23: after: '1' is too small")):
            done = run(guard, "/bin/true")
            self.assertEqual(done.returncode, 125, guard)
            self.assertTrue(done.stderr.startswith(f"dearth: DEARTH_GUARD, {line}"), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv.pop(1))
    unittest.main()
