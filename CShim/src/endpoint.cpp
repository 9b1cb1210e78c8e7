#include "endpoint.hpp"
#include "error.hpp"

#include <cstring>

namespace clt {

lt::address normalised(lt::address const &address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return lt::address(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()));
    return address;
}

clt_endpoint endpoint_out(lt::tcp::endpoint const &endpoint) noexcept {
    clt_endpoint out{};
    out.port = endpoint.port();
    if (lt::address const address = normalised(endpoint.address()); address.is_v4()) {
        out.family = 4;
        auto const bytes = address.to_v4().to_bytes();
        std::memcpy(out.address, bytes.data(), bytes.size());
    } else {
        out.family = 6;
        auto const bytes = address.to_v6().to_bytes();
        std::memcpy(out.address, bytes.data(), bytes.size());
    }
    return out;
}

lt::tcp::endpoint endpoint_in(clt_endpoint const &endpoint) {
    require(endpoint.family == 4 || endpoint.family == 6, "an endpoint's family is neither 4 nor 6");
    if (endpoint.family == 4) {
        lt::address_v4::bytes_type bytes;
        std::memcpy(bytes.data(), endpoint.address, bytes.size());
        return {lt::address_v4(bytes), endpoint.port};
    }
    lt::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), endpoint.address, bytes.size());
    return {normalised(lt::address(lt::address_v6(bytes))), endpoint.port};
}

} // namespace clt
