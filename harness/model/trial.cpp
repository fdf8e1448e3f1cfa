// Words of trials; see trial.h.
#include "harness/model/trial.h"

namespace dearth::harness {

std::string_view strategy_name(Strategy strategy) {
    switch (strategy) {
        case Strategy::kExec:
            return "exec";
        case Strategy::kFork:
            return "fork";
    }
    return "unknown";
}

}  // namespace dearth::harness
