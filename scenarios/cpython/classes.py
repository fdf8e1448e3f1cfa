# Classes: inheritance, super, operators, slots, class methods, a metaclass, attributes on demand.
import builtins


def main():
    class Registry(type):
        known = []

        def __new__(meta, name, bases, body):
            made = super().__new__(meta, name, bases, body)
            meta.known = meta.known + [name]
            return made

    class Shape:
        __slots__ = ("size",)

        def __init__(self, size):
            self.size = size

        def __lt__(self, other):
            return self.area() < other.area()

        def __repr__(self):
            return f"{type(self).__name__}({self.size})"

    class Square(Shape):
        def area(self):
            return self.size**2

    class Cube(Square):
        def area(self):
            return 6 * super().area()

    Record = Registry("Record", (), {"__getattr__": lambda self, name: name * 2})
    shapes = sorted([Cube(2), Square(4), Square(1), Cube(1)])
    print(shapes, Record().echo, Registry.known, Cube.mro()[1:3])


builtins.workload = main  # the script is: workload()
