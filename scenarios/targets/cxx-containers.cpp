// A C++ program as people write them: containers, exceptions thrown through several of them, and
// an answer to std::bad_alloc in main. Also throws when memory is plenty, so that the unwinder's
// own requests are swept.
#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

class Account {
public:
    explicit Account(std::string owner) : owner_(std::move(owner)) {}
    void pay(int amount) {
        if (amount > balance_)
            throw std::runtime_error(owner_ + " cannot pay " + std::to_string(amount));
        balance_ -= amount;
        history_.push_back(-amount);
    }
    void receive(int amount) {
        history_.push_back(amount);
        balance_ += amount;
    }
    int balance() const { return balance_; }

private:
    std::string owner_;
    int balance_ = 0;
    std::vector<int> history_;
};

int settle() {
    std::map<std::string, std::unique_ptr<Account>> accounts;
    for (const char* owner : {"the first customer", "the second customer", "the third customer"})
        accounts.emplace(owner, std::make_unique<Account>(owner));
    int refused = 0;
    for (int round = 1; round <= 8; ++round) {
        for (auto& [owner, account] : accounts) {
            try {
                account->pay(round * 10);
            } catch (const std::runtime_error&) {
                ++refused;
                account->receive(round * 25);
            }
        }
    }
    int total = refused;
    for (const auto& [owner, account] : accounts)
        total += account->balance();
    return total;
}

}  // namespace

int main() {
    try {
        std::printf("%d\n", settle());
    } catch (const std::bad_alloc&) {
        std::fputs("out of memory\n", stderr);
        return 1;
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
