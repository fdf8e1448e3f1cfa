// All modules seen in a run, each once, and the translation of frames from a process's own module
// numbers to the run's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/finding.h"
#include "harness/model/trial.h"
#include "harness/process/control_reader.h"

namespace dearth::harness {

class ModuleList {
public:
    const std::vector<Module>& modules() const { return modules_; }

    // One process's numbering. Reads modules that appear later as they are needed.
    class Translation {
    public:
        explicit Translation(ModuleList& list) : list_(list) {}
        void translate(dearth_stack& stack, const ControlReader& page);
        void translate(dearth_trial_slot& slot, const ControlReader& page);

    private:
        uint64_t translate_frame(uint64_t frame, const ControlReader& page);
        ModuleList& list_;
        std::vector<uint32_t> known_;
    };

private:
    uint32_t intern(const dearth_module& module);
    std::vector<Module> modules_;
    std::map<std::pair<std::string, std::string>, uint32_t> index_;
};

}  // namespace dearth::harness
