// What a program that runs without a harness is to be watched for: the text form of DEARTH_GUARD.
//
//     bytes | page-rear | page-front | off      guard bytes, or blocks against an unreadable page;
//                                               off: requests are counted, no more
//     ;before=BYTES  ;after=BYTES               guard bytes, 16 to 4096 (multiples of 16), 8 to
//     4096 ;align=1|2|4|8|16                         page-rear: least alignment, see
//     dearth_layer_options ;sample=N                                 pages for one block in N
//     ;quarantine=BYTES                         freed blocks held back; 0: none
//     ;stacks=yes|no                            call stacks of requests and frees
//     ;stop=yes|no                              abort at the first misuse
//     ;leaks=no|lost|all                        at the end: blocks that no pointer is left to; and
//                                               those that are still reachable
//     ;exit=STATUS                              1 to 255, in place of the program's own status when
//                                               misuse was found
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"

namespace dearth::hooks {

enum class LeakReports : uint32_t { kNo = 0, kLost = 1, kAll = 2 };

struct StandaloneOptions {
    dearth_layer_options layers;
    LeakReports leaks;
    int exit_status;  ///< 0: the program's own stays
};

/// Guard bytes without call stacks: what a schedule alone asks for.
void default_standalone_options(StandaloneOptions& options) noexcept;

/// False: `error` has the line that says what is wrong, at `offset` of the text.
bool parse_standalone_options(const char* text, StandaloneOptions& options, char* error,
                              size_t error_bytes, size_t& offset) noexcept;

}  // namespace dearth::hooks
