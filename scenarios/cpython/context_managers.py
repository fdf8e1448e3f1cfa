# contextlib: managers made of generators, an exit stack, suppression, an error inside a with.
import builtins
import contextlib


def main():
    trail = []

    @contextlib.contextmanager
    def step(name):
        trail.append("+" + name)
        try:
            yield name
        except ZeroDivisionError:
            trail.append("handled in " + name)
        finally:
            trail.append("-" + name)

    with step("a") as a, step("b"):
        trail.append(a * 3)
    with step("c"):
        1 / 0
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(step(name)) for name in "de"]
        stack.callback(trail.append, "callback")
    with contextlib.suppress(LookupError):
        [].pop()
    print(trail, names)


builtins.workload = main  # the script is: workload()
