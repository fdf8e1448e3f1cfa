# struct: formats of several layouts, a prepared Struct, iteration, a buffer too short.
import builtins
import struct


def main():
    header = struct.Struct("<4sHHq")
    packed = b"".join(header.pack(b"drth", n, n * 2, -(n**9)) for n in range(6))
    rows = [row for row in header.iter_unpack(packed)]
    values = struct.unpack(">bBhHiIlLqQfd?", struct.pack(">bBhHiIlLqQfd?", *range(1, 13), True))
    buffer = bytearray(header.size * 2)
    header.pack_into(buffer, header.size, b"late", 1, 2, 3)
    try:
        header.unpack_from(buffer, 20)
    except struct.error as error:
        problem = str(error)
    print(rows[-1], values, header.unpack_from(buffer, header.size), problem, header.size)


builtins.workload = main  # the script is: workload()
