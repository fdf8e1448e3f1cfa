// What the target's own children inherit through the environment: nothing of ours.
#pragma once

namespace dearth::hooks {

// Empties DEARTH_CONTROL_FD and takes `library` out of LD_PRELOAD, in place: no pointer and no
// entry is moved, because programs look for the auxiliary vector behind the environment.
void hide_from_children(const char* library);

}  // namespace dearth::hooks
