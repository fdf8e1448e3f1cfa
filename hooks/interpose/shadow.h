// What a definition needs to take the place of one of libc's or libstdc++'s: a visible name. The
// list of all of them is the version script, exported.map; a test holds the two against each other.
#pragma once

#define DEARTH_SHADOW extern "C" __attribute__((visibility("default")))

/// A second name of a shadowed function that always means ours, whoever comes before us. Only for
/// other source files: in its own a compiler takes both for one.
#define DEARTH_OWN_NAME(name) extern "C" __attribute__((visibility("hidden"), alias(name)))
