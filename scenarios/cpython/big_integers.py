# Integers beyond a machine word: powers, division, text in both directions, bits, rational sums.
import builtins


def main():
    factorial = 1
    for n in range(2, 30):
        factorial *= n
    power = pow(3, 400)
    quotient, rest = divmod(power, factorial)
    text = str(power)
    modular = pow(7, 10**30, 10**18 + 9)
    shifted = (factorial << 200) ^ (power >> 3)
    numerator, denominator = 0, 1
    for n in range(1, 9):
        numerator, denominator = numerator * n + denominator, denominator * n
    print(len(str(quotient)), rest % 10**9, int(text) == power, modular, shifted.bit_length())
    print(hex(factorial)[-12:], (-power // 7) % 10**6)
    print(int.from_bytes(power.to_bytes(80, "big"), "big") == power)
    print(numerator, denominator, factorial / power)


builtins.workload = main  # the script is: workload()
