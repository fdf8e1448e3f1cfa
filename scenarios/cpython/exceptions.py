# Exceptions: a hierarchy, chaining, finally, else, groups, and what is left of the context.
import builtins


def main():
    class AppError(Exception):
        def __init__(self, code, *rest):
            super().__init__(code, *rest)
            self.code = code

    class Missing(AppError, KeyError):
        pass

    def find(key):
        try:
            return {"a": 1}[key]
        except KeyError as error:
            raise Missing(404, key) from error

    trail = []
    for key in ("a", "b"):
        try:
            found = find(key)
        except AppError as error:
            trail.append((error.code, type(error.__cause__).__name__, error.args))
        else:
            trail.append(found)
        finally:
            trail.append("done " + key)
    try:
        raise ExceptionGroup("two", [ValueError(1), TypeError("x")])
    except* ValueError as group:
        trail.append(len(group.exceptions))
    except* TypeError as group:
        trail.append(str(group))
    print(trail)


builtins.workload = main  # the script is: workload()
