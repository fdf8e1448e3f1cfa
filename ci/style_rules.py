"""The rules of check_style.py as tables: limits, banned words and calls, each with what to do.

Data only. A rule that needs an exception gets it in ci/style_exceptions.txt, with its reason; a
folder stands here only where the rule itself is about folders.
"""

import collections
import re

# A file over its goal, or a function over its limit, fails unless style_exceptions.txt records its
# present length (a ratchet: it may shrink, never grow). Nothing excuses the hard limit.
FILE_LINES_GOAL = 400
FILE_LINES_HARD = 500
FUNCTION_LINES = 60
LINE_COLUMNS = 100

BANNED_NAMES = {
    "util": "after what it does", "utils": "after what it does", "helper": "after what it does",
    "helpers": "after what it does", "common": "after what its users share",
    "misc": "after the one thing it is for", "manager": "after what it owns",
    "impl": "after the thing itself"}

# `within`, `outside`: folders, from the root. The pattern runs over code without comments and
# literals. `advice` says what to write instead.
Ban = collections.namedtuple("Ban", "rule within outside pattern advice")


def _call(names):
    """A call of libc's function of that name; not a member, not another namespace's."""
    return re.compile(r"(?<![\w.>])(?<!\w::)(?:std::)?(?:" + names + r")\s*\(")


def _word(pattern):
    return re.compile(r"(?<!\w)(?:" + pattern + r")(?!\w)")


def _header(names):
    return re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?:" + names + r")>", re.MULTILINE)


_HOOKS = ("hooks",)
_HARNESS = ("harness",)

BANS = (
    Ban("heap", _HOOKS, (),
        _call("malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memalign|valloc|strdup|"
              "strndup|reallocarray|getline|open_memstream"),
        "a hook has no heap: pages come from hooks/base/mapped_pages.h, blocks from the allocator "
        "beneath"),
    Ban("hidden-heap", _HOOKS, (),
        _call("fopen|fdopen|opendir|scandir|qsort|setlocale|strerror|localtime|strftime|setenv|"
              "putenv|atexit|dlopen|dlsym|backtrace|backtrace_symbols|pthread_create|getaddrinfo|"
              "syslog|tmpfile|realpath"),
        "it may allocate or lock inside libc: use the system call, or do it before the layers are "
        "armed and record why in style_exceptions.txt"),
    Ban("stdio", _HOOKS, (),
        _call("v?[fsd]?n?printf|v?snprintf|v?asprintf|puts|fputs|putchar|fputc|fwrite|perror|"
              "fflush|sscanf"),
        "it locks and allocates: format with hooks/base/raw_output.h"),
    Ban("runtime", _HOOKS, (), _word(r"(?<!operator )new|throw|try|catch|dynamic_cast|typeid"),
        "hooks link no C++ runtime: fixed tables, mapped pages, return values"),
    Ban("runtime", _HOOKS, (),
        _word(r"std::(?:string|vector|map|unordered_map|set|deque|list|function|"
              r"unique_ptr|shared_ptr|mutex|lock_guard|thread|cout|cerr|to_string)"),
        "hooks link no C++ runtime: fixed arrays, function pointers, hooks/base/spin_lock.h"),
    Ban("runtime", _HOOKS, (),
        _header("string|vector|map|unordered_map|set|deque|list|memory|functional|mutex|thread|"
                "iostream|sstream|fstream|ostream|stdexcept|exception|regex|random|chrono|format|"
                "stdio\\.h|cstdio|locale"),
        "this header needs the C++ runtime or stdio, which hooks do without"),
    Ban("environment", _HOOKS, ("hooks/agent", "hooks/install", "hooks/domains"),
        _call("getenv|secure_getenv"),
        "settings come from the control page, or are passed in by agent, install or domains, which "
        "read the environment once"),
    Ban("clock", _HOOKS, ("hooks/agent",),
        _call("time|gettimeofday|clock|clock_gettime|sleep|usleep|nanosleep"),
        "a hook must answer the same at any time of day: only the agent keeps deadlines"),
    Ban("lock", _HOOKS, (), _call(r"pthread_mutex_\w+|pthread_rwlock_\w+|pthread_cond_\w+|flock"),
        "unbounded and not fork-safe: hooks/base/spin_lock.h"),
    Ban("exit", _HOOKS, (), _call("exit|assert|fork|vfork"),
        "it runs other people's handlers, or prints: die() for our own invariants, _exit to "
        "leave, a raw clone3 to split"),
    Ban("shell", ("hooks", "harness", "tests", "fuzz"), (), _call("system|popen|wordexp"),
        "no command is one shell string: harness/process starts programs by argument list"),
    Ban("print", _HARNESS, ("harness/cli", "harness/report", "harness/engines"),
        re.compile(r"(?<![\w.>])(?:(?:std::)?(?:printf|puts|putchar|perror)|fmt::print)\s*\(|"
                   r"std::c(?:out|err|log)\b|(?<!\w)std(?:out|err)\s*[,)]"),
        "only the CLI and the report writers print: return a Result, or emit an event"),
    Ban("sleep", ("tests",), (),
        re.compile(r"(?<![\w.>])(?:sleep|usleep|nanosleep)\s*\(|\bsleep_(?:for|until)\b"),
        "no test sleeps: wait for the event itself, with a deadline"),
    Ban("short-circuit", ("tests",), (),
        re.compile(r"(?<!\w)RC_(?:ASSERT(?:_FALSE)?|PRE)\s*\((?!\s*\()[^;]*?(?:\|\||&&)"),
        "RapidCheck overloads || and && and evaluates both sides: write RC_ASSERT((a || b))"),
)

# The same for build files, on text without comments.
CMAKE_BANS = (
    Ban("glob", (), (), _word("GLOB(?:_RECURSE)?"), "name every file"),
    Ban("global-flags", (), (),
        re.compile(r"^\s*(?:add_compile_options|add_link_options|add_definitions|link_libraries|"
                   r"include_directories|link_directories)\s*\(", re.IGNORECASE | re.MULTILINE),
        "flags belong to targets: the target_ form, or an interface target"),
)

# Folders of a development machine, in any text. Written so that it does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~*{}$-])/(?:home|root|work)/(?=\w)")
UNTRACKED_WORK = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\s*\(?#\d+)")
