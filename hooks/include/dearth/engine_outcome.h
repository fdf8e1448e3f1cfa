/// What one step of a target reports: shared by the engine interface and the hooks that write it
/// down. C11 and C++20.
#ifndef DEARTH_ENGINE_OUTCOME_H
#define DEARTH_ENGINE_OUTCOME_H

#include "dearth/control_page.h"

/// Handed in zeroed; strings are cut to fit.
struct dearth_outcome {
    enum dearth_step_status status;
    char kind[32];      ///< class of the error, as expectations name it: "MemoryError"
    char message[224];  ///< its text
};

#endif
