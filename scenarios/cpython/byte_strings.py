# bytes, bytearray and memoryview: growth, slicing, hex, percent formatting, decoding errors.
import builtins


def main():
    data = bytearray()
    for n in range(40):
        data += bytes([n, 255 - n])
    data[4:8] = b"inserted"
    view = memoryview(data)[8:24]
    view[0] = 65
    copied = bytes(view[::2])
    view.release()
    data.extend(b"tail" * 10)
    print(copied, len(data), data[-6:], b"%d items, %b" % (len(data), b"end"))
    print(data[:12].hex(" "), b"a-b-c".split(b"-"), b"caf\xc3\xa9".decode(), bytes.fromhex("64 65"))
    replaced = b"bad \xff".decode("utf-8", "replace")
    print(replaced.encode("ascii", "backslashreplace"), b"x".rjust(9, b"."))


builtins.workload = main  # the script is: workload()
