# compile, exec and eval: every mode, a syntax error, code that makes code. The requests are the
# compiler's.
import builtins

compile("0", "<warm-up>", "eval")  # makes the types of the tree, some two thousand requests


def main():
    space = {"n": 4}
    exec("def twice(x):\n return [x] * 2", space)
    code = compile("twice(n) + [*'ab']", "<value>", "eval")
    try:
        compile("x = = 1", "<broken>", "exec")
    except SyntaxError as error:
        problem = error.msg
    print(eval(code, space), problem, code.co_filename)


builtins.workload = main  # the script is: workload()
