// How a function of the C API reaches an engine, and a torrent in it: one job on the network thread.
#pragma once

#include "clibtorrent.h"
#include "engine.hpp"
#include "error.hpp"

#include <memory>

struct clt_engine {
    std::shared_ptr<clt::engine> native;
};

namespace clt {

inline engine &checked(clt_engine *engine) {
    require(engine != nullptr, "engine is NULL");
    return *engine->native;
}

// Runs `body(engine, torrent)` on the network thread.
template <typename Body>
int32_t with_torrent(clt_engine *engine, clt_torrent_id id, clt_error *error, Body body) {
    return guard(error, [&] {
        clt::engine &native = checked(engine);
        native.run([&] { body(native, native.find(id)); });
    });
}

} // namespace clt
