"""check_includes.py: one planted violation per rule is found with its exact words; near misses
and a clean tree are not."""

import unittest

from tree_fixture import REPOSITORY, TreeTest

FLOORS = """\
# a small house
floor hooks 0 hooks/include/dearth
floor hooks 1 hooks/base
floor hooks 2 hooks/schedule hooks/record
floor hooks 3 hooks/layers
strangers hooks/layers *_layer
floor harness 0 harness/include/dearth
floor harness 1 harness/base
floor harness 2 harness/oracle harness/store
open harness hooks/include/dearth
single harness sqlite3.h
single harness yaml-cpp/
floor engines 0 harness/engines
open engines hooks harness/include/dearth
floor targets 0 scenarios/targets
beside scenarios/targets
open targets hooks/include/dearth
"""


class CheckIncludes(TreeTest):
    checker = "check_includes.py"

    def setUp(self):
        super().setUp()
        self.write("ci/floors.txt", FLOORS)
        self.write("hooks/include/dearth/schedule.h", "// Public.\n")
        self.write("harness/include/dearth/engine.h", '#include "dearth/schedule.h"\n')
        self.write("hooks/base/prng.h", "// Floor 1.\n")
        self.write("hooks/schedule/decision.h",
                   '#include <stdint.h>\n#include "hooks/base/prng.h"\n')
        self.write("hooks/record/call_site.h", "// Floor 2.\n")
        self.write("hooks/layers/guard_layer.h", '#include "hooks/record/call_site.h"\n')
        self.write("harness/base/text.h", "// Floor 1.\n")
        self.write("harness/store/results.cpp", '#include <sqlite3.h>\n'
                   '#include "harness/base/text.h"\n#include "dearth/schedule.h"\n')
        self.write("harness/engines/lua.cpp", '#include "hooks/layers/guard_layer.h"\n')
        self.write("tests/hooks/prng_test.cpp", '#include "hooks/base/prng.h"\n')

    def test_a_tree_that_only_goes_down_is_clean(self):
        self.assert_clean()

    def test_a_climb_names_file_line_and_both_floors(self):
        self.write("hooks/base/prng.h", '// Floor 1.\n\n#include "hooks/layers/guard_layer.h"\n')
        self.assert_violations(
            "hooks/base/prng.h:3: climb: hooks/base (hooks floor 1) includes "
            "hooks/layers/guard_layer.h from hooks/layers (hooks floor 3); move the shared part "
            "down, or pass it in")

    def test_siblings_do_not_include_each_other(self):
        self.write("hooks/record/call_site.h", '#include "hooks/schedule/decision.h"\n')
        self.assert_violations(
            "hooks/record/call_site.h:1: sideways: hooks/record (hooks floor 2) includes "
            "hooks/schedule/decision.h from hooks/schedule (hooks floor 2); move the shared part a "
            "floor down, or let a floor above join them")

    def test_the_harness_sees_only_public_headers_of_the_hooks(self):
        self.write("harness/oracle/leaks.cpp", '#include "hooks/base/prng.h"\n')
        self.assert_violations(
            "harness/oracle/leaks.cpp:1: forbidden: harness/oracle (harness floor 2) includes "
            "hooks/base/prng.h from hooks/base (hooks floor 1); open to it: hooks/include/dearth")

    def test_the_hooks_never_see_the_harness(self):
        self.write("hooks/base/prng.h", '#include "harness/base/text.h"\n')
        self.assert_violations(
            "hooks/base/prng.h:1: forbidden: hooks/base (hooks floor 1) includes "
            "harness/base/text.h from harness/base (harness floor 1); open to it: nothing outside "
            "its tree")

    def test_engines_see_hooks_but_not_the_tool(self):
        self.write("harness/engines/lua.cpp", '#include "harness/base/text.h"\n')
        self.assert_violations(
            "harness/engines/lua.cpp:1: forbidden: harness/engines (engines floor 0) includes "
            "harness/base/text.h from harness/base (harness floor 1); open to it: hooks, "
            "harness/include/dearth")

    def test_targets_see_public_headers_in_angle_brackets_too(self):
        self.write("scenarios/targets/leak.c",
                   '#include <dearth/schedule.h>\n#include "target.h"\n')
        self.write("scenarios/targets/target.h", "#include <dearth/engine.h>\n")
        self.assert_violations(
            "scenarios/targets/target.h:1: forbidden: scenarios/targets (targets floor 0) includes "
            "harness/include/dearth/engine.h from harness/include/dearth (harness floor 0); open "
            "to it: hooks/include/dearth")

    def test_what_ships_does_not_include_tests(self):
        self.write("tests/support/heap_model.h", "// A model.\n")
        self.write("harness/oracle/leaks.cpp", '#include "tests/support/heap_model.h"\n')
        self.assert_violations(
            "harness/oracle/leaks.cpp:1: forbidden: harness/oracle (harness floor 2) includes "
            "tests/support/heap_model.h, which stands on no floor; what ships never includes it")

    def test_layers_do_not_know_each_other(self):
        self.write("hooks/layers/fault_layer.cpp",
                   '#include "hooks/layers/fault_layer.h"\n#include "hooks/layers/guard_layer.h"\n')
        self.write("hooks/layers/fault_layer.h", "// One layer.\n")
        self.write("hooks/layers/layer_stack.cpp", '#include "hooks/layers/fault_layer.h"\n'
                   '#include "hooks/layers/guard_layer.h"\n')
        self.assert_violations(
            "hooks/layers/fault_layer.cpp:2: stranger: fault_layer includes "
            "hooks/layers/guard_layer.h; files *_layer of hooks/layers do not know each other")

    def test_a_heavy_header_stays_in_one_source(self):
        self.write("harness/oracle/leaks.cpp", "#include <sqlite3.h>\n")
        self.assert_violations(
            "harness/store/results.cpp:1: single: <sqlite3.h> is seen by harness/oracle/leaks.cpp "
            "already; only one source file may see it")

    def test_a_heavy_header_stays_out_of_headers(self):
        self.write("harness/oracle/document.h", "#include <yaml-cpp/node/node.h>\n")
        self.assert_violations(
            "harness/oracle/document.h:1: single: <yaml-cpp/node/node.h> in a header reaches every "
            "file that includes it; only one source file may see it")

    def test_a_heavy_header_may_be_allowed_to_one_more_file(self):
        self.write("ci/floors.txt", FLOORS +
                   "allow harness/oracle/leaks.cpp sqlite3.h : reads what the store wrote\n")
        self.write("harness/oracle/leaks.cpp", "#include <sqlite3.h>\n")
        self.assert_clean()

    def test_a_header_beside_the_file_is_written_from_the_root(self):
        self.write("hooks/schedule/glob.cpp", '#include "decision.h"\n')
        self.assert_violations(
            'hooks/schedule/glob.cpp:1: unknown: "decision.h" names no file of this project; write '
            'it from the root: "hooks/schedule/decision.h"')

    def test_a_header_that_does_not_exist_is_named(self):
        self.write("hooks/schedule/glob.cpp", '#include "hooks/base/gone.h"\n')
        self.assert_violations(
            'hooks/schedule/glob.cpp:1: unknown: "hooks/base/gone.h" names no file of this '
            "project; headers from outside are included with <>")

    def test_a_source_is_not_included(self):
        self.write("hooks/schedule/glob.cpp", '#include "hooks/schedule/words.cpp"\n')
        self.write("hooks/schedule/words.cpp", "// Words.\n")
        self.assert_violations(
            "hooks/schedule/glob.cpp:1: source: includes hooks/schedule/words.cpp, which is a "
            "source; link it, and include its header")

    def test_a_new_folder_needs_a_floor(self):
        self.write("hooks/extras/more.h", "// More.\n")
        self.assert_violations("hooks/extras/more.h:1: no-floor: hooks/extras stands on no floor; "
                               "give it one in ci/floors.txt")

    def test_comments_and_strings_include_nothing(self):
        self.write("hooks/base/prng.h",
                   '// #include "hooks/layers/guard_layer.h"\n'
                   '/*\n#include "hooks/layers/guard_layer.h"\n*/\n'
                   'const char* kText = R"(\n#include "hooks/record/call_site.h"\n)";\n')
        self.assert_clean()

    def test_an_agreed_exception_is_data_and_goes_stale(self):
        allow = "allow hooks/record/call_site.h hooks/schedule : both read one table\n"
        self.write("ci/floors.txt", FLOORS + allow)
        stale = f"ci/floors.txt:{(FLOORS + allow).count(chr(10))}"
        self.assert_violations(
            f"{stale}: stale: nothing in hooks/record/call_site.h includes hooks/schedule any "
            "more; remove this line")
        self.write("hooks/record/call_site.h", '#include "hooks/schedule/decision.h"\n')
        self.assert_clean()

    def test_an_exception_without_a_reason_is_refused(self):
        self.write("ci/floors.txt", "allow hooks/record hooks/schedule\n")
        code, lines, errors = self.run_checker()
        self.assertEqual((code, lines), (2, []))
        self.assertEqual(errors, "check_includes: ci/floors.txt:1: cannot read this line; an allow "
                         "line is: allow FROM TO : REASON\n")

    def test_the_real_floors_can_be_read(self):
        self.write("ci/floors.txt", (REPOSITORY / "ci/floors.txt").read_text(encoding="utf-8"))
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
