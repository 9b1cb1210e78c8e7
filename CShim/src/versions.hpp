// Does the shim that runs fit its caller, and the engine that runs fit the shim?
#pragma once

#include <cstdint>

namespace clt {
// Throws ABI_MISMATCH or ENGINE_MISMATCH.
void check_versions(uint32_t callers_abi);
// A newer patch level than the one compiled against: starts, with a warning and without the internals.
bool runs_newer_patch_level() noexcept;
} // namespace clt
