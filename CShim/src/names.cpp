#include "names.hpp"

#include <cstdint>

namespace clt {

namespace {

constexpr size_t max_component = 255; // NAME_MAX
constexpr size_t max_extension = 10;

struct decoded {
    uint32_t code; // UINT32_MAX where the bytes are not UTF-8
    size_t length;
};

decoded decode(std::string_view text) {
    auto const at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned const first = at(0);
    decoded const bad{UINT32_MAX, 1};
    if (first < 0x80) return {first, 1};
    size_t const length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return bad;
    uint32_t code = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0) != 0x80) return bad;
        code = (code << 6) | (at(i) & 0x3Fu);
    }
    constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return bad;
    return {code, length};
}

bool is_forbidden(uint32_t c) {
    if (c == UINT32_MAX || c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
    if (c == 0x061C || c == 0x200E || c == 0x200F || c == 0xFEFF) return true;
    return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// Dots, and what shows as nothing.
bool is_blank(uint32_t c) {
    if (c == '.' || c == ' ' || c == 0xA0 || c == 0xAD || c == 0x1680 || c == 0x180E) return true;
    return (c >= 0x2000 && c <= 0x200D) || c == 0x202F || (c >= 0x205F && c <= 0x2064) || c == 0x3000;
}

size_t boundary_before(std::string_view text, size_t end) {
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return end;
}

std::string replace_forbidden(std::string_view text, bool *blank) {
    std::string out;
    out.reserve(text.size());
    *blank = true;
    while (!text.empty()) {
        auto const [code, length] = decode(text);
        if (is_forbidden(code)) {
            out += '_';
            *blank = false;
        } else {
            out.append(text.substr(0, length));
            if (!is_blank(code)) *blank = false;
        }
        text.remove_prefix(length);
    }
    return out;
}

// Where the extension begins, or the end: "archive.tar" at 7, ".profile" at its end.
size_t extension_at(std::string_view name) {
    size_t const dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || name.size() - dot > max_extension) return name.size();
    return dot;
}

std::string shorten(std::string const &name, size_t room) {
    if (name.size() <= room) return name;
    size_t const extension = extension_at(name);
    size_t const tail = name.size() - extension;
    return name.substr(0, boundary_before(name, room - tail)) + name.substr(extension);
}

} // namespace

std::string clean_component(std::string_view component) {
    bool blank = true;
    std::string out = replace_forbidden(component, &blank);
    for (char &c : out)
        if (c == '/') c = '_';
    if (blank) return "_";
    return shorten(out, max_component);
}

std::string clean_text(std::string_view text, size_t max_bytes) {
    bool blank = true;
    std::string out = replace_forbidden(text, &blank);
    if (out.size() > max_bytes) out.resize(boundary_before(out, max_bytes));
    return out;
}

unique_paths::unique_paths(std::vector<std::string> const &paths) {
    std::string_view last; // neighbours mostly share their folder
    for (auto const &path : paths) {
        size_t slash = path.rfind('/');
        if (slash == std::string::npos || std::string_view(path).substr(0, slash) == last) continue;
        last = std::string_view(path).substr(0, slash);
        for (; slash != std::string::npos && slash > 0; slash = path.rfind('/', slash - 1))
            if (!folders_.insert(path.substr(0, slash)).second) break; // and so are those above it
    }
}

bool unique_paths::is_free(std::string const &path) const {
    return files_.count(path) == 0 && folders_.count(path) == 0;
}

std::string unique_paths::claim(std::string const &path) {
    if (is_free(path)) {
        files_.insert(path);
        return path;
    }
    size_t const slash = path.rfind('/');
    std::string const folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    // Room for the number is taken at once, so that every name which shortens to this one shares its counter.
    std::string const name = shorten(path.substr(folder.size()), max_component - 8);
    size_t const extension = extension_at(name);
    unsigned &next = next_number_[folder + name];
    for (;;) {
        std::string candidate =
            folder + name.substr(0, extension) + "." + std::to_string(++next) + name.substr(extension);
        if (!is_free(candidate)) continue;
        files_.insert(candidate);
        return candidate;
    }
}

} // namespace clt
