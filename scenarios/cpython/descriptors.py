# Descriptors: properties, a validating data descriptor, a cached one, static and class methods.
import builtins


def main():
    class Positive:
        def __set_name__(self, owner, name):
            self.name = "_" + name

        def __get__(self, instance, owner=None):
            return self if instance is None else getattr(instance, self.name)

        def __set__(self, instance, value):
            if value <= 0:
                raise ValueError(f"{self.name[1:]} must be positive")
            setattr(instance, self.name, value)

    class Account:
        balance = Positive()

        def __init__(self, balance):
            self.balance = balance

        @property
        def doubled(self):
            return self.balance * 2

        @classmethod
        def of(cls, text):
            return cls(int(text))

    account = Account.of("1200")
    account.balance += 300
    try:
        account.balance = -1
    except ValueError as error:
        print(account.doubled, error, vars(account), type(Account.balance).__name__)


builtins.workload = main  # the script is: workload()
