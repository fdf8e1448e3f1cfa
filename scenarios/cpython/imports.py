# Imports: a small module of the standard library found, read, run and dropped again; a module
# that does not exist; one made by hand.
import builtins
import keyword  # so that the finder has listed the folder already


def main():
    import sys

    for name in ("colorsys", "handmade"):
        sys.modules.pop(name, None)
    import colorsys

    try:
        import no_such_module_anywhere
    except ModuleNotFoundError as error:
        missing = error.name
    made = type(sys)("handmade", "made by hand")
    made.answer = 42
    sys.modules["handmade"] = made
    from handmade import answer

    print(colorsys.rgb_to_hsv(0.5, 0.25, 0.125), missing, answer, colorsys.__spec__.name)
    for name in ("colorsys", "handmade"):
        del sys.modules[name]


builtins.workload = main  # the script is: workload()
