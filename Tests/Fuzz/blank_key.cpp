// Keys of any received dictionary made unreadable in place (internals::blank_keys): afterwards the engine
// finds none of them, finds everything else as before, and not a byte but the keys' first ones was touched.
#include "check.hpp"
#include "internals.hpp"

#include <libtorrent/bdecode.hpp>

#include <memory>

namespace {

char const *const keys[] = {"p", "yourip", "ut_holepunch", "m"};

bool is_one_of_ours(lt::string_view key) {
    for (char const *ours : keys)
        if (key == ours) return true;
    return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    // The exact size on the heap, so that a write past either end is seen.
    std::string const before(reinterpret_cast<char const *>(data), size);
    std::unique_ptr<char[]> const buffer(new char[size]);
    std::memcpy(buffer.get(), data, size);
    lt::error_code error;
    lt::bdecode_node const root = lt::bdecode({buffer.get(), std::ptrdiff_t(size)}, error);
    if (error || root.type() != lt::bdecode_node::dict_t) return 0;
    size_t expected = 0;
    std::set<char const *> places;
    for (int i = 0; i < root.dict_size(); ++i)
        if (auto const key = root.dict_at(i).first; is_one_of_ours(key)) {
            ++expected;
            places.insert(key.data());
        }

    clt::internals::blank_keys(root, {keys[0], keys[1], keys[2], keys[3]});
    for (char const *key : keys)
        expect(!root.dict_find(key));
    size_t changed = 0;
    for (size_t i = 0; i < size; ++i) {
        if (buffer[i] == before[i]) continue;
        ++changed;
        expect(buffer[i] == '\0' && places.count(buffer.get() + i) == 1);
    }
    expect(changed == expected);
    // It still is the bencoding that it was.
    lt::bdecode_node const again = lt::bdecode({buffer.get(), std::ptrdiff_t(size)}, error);
    expect(!error && again.dict_size() == root.dict_size());
    return 0;
}
