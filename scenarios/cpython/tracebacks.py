# Tracebacks: walking frames and lines of a deep error, notes, clearing what they keep alive.
import builtins


def main():
    def descend(depth, held):
        local = [depth] * 3
        if depth == 0:
            raise RuntimeError("bottom") from None
        descend(depth - 1, local)

    def lines_of(error):
        trace, found = error.__traceback__, []
        while trace is not None:
            found.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
            trace = trace.tb_next
        return found

    try:
        descend(6, None)
    except RuntimeError as error:
        error.add_note("seen once")
        lines = lines_of(error)
        kept = error.with_traceback(None)
    print(len(lines), lines[0], lines[-1], kept.__notes__, kept.__traceback__)


builtins.workload = main  # the script is: workload()
