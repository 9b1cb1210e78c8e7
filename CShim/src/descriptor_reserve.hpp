// A few descriptors kept back. Where accept() finds none, the engine tries again at once, for as long as a
// connection waits, and drops a peer each time: with the reserve given back there are some at once, and where
// that was not enough, the engine stops listening until the reserve can be had again. Network thread only.
#pragma once

#include <cstddef>
#include <vector>

namespace clt {

class descriptor_reserve {
public:
    static constexpr size_t size = 16;

    descriptor_reserve() { refill(); }
    ~descriptor_reserve() { release(); }
    descriptor_reserve(descriptor_reserve const &) = delete;
    descriptor_reserve &operator=(descriptor_reserve const &) = delete;

    bool is_whole() const { return held_.size() == size; }
    void release();
    // All or nothing: where there are not so many to be had, what there is stays free. True where it is whole
    // then.
    bool refill();

private:
    std::vector<int> held_;
};

// How many more this process may open.
long free_descriptor_count();

} // namespace clt
