// Notices when an interface that the engine is bound to goes away or returns. Network thread only.
#pragma once

#include "interfaces.hpp"

#include <libtorrent/io_context.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>

namespace clt {

class interface_watch {
public:
    struct observer {
        virtual void interface_down(std::string const &name) = 0;
        virtual void interface_up(std::string const &name) = 0;

    protected:
        ~observer() = default;
    };

    // Takes the interfaces as they are now for the state before; throws NETWORK where one is not usable, or a
    // socket cannot be bound to it.
    interface_watch(lt::io_context &io, std::vector<std::string> const &names, observer &observer);

    // The kernel says when something changes; call this a few times a second too, since what it says can be
    // lost.
    void look();
    bool all_usable() const;
    bool is_empty() const { return states_.empty(); }
    interface_state const &state(std::string const &name) const { return states_.at(name); }
    void stop();

private:
    void wait();

    std::map<std::string, interface_state> states_;
    observer &observer_;
    boost::asio::posix::stream_descriptor netlink_;
};

} // namespace clt
