// Sockets of this process that libtorrent does not hand out: found among our own descriptors.
#pragma once

#include <libtorrent/socket.hpp>

#include <functional>
#include <optional>
#include <string>

namespace clt {

// Calls `body` with each socket of this process until it returns false. Throws NETWORK where /proc/self/fd
// cannot be read.
void each_own_socket(std::function<bool(int fd)> const &body);

bool is_own_listener(lt::tcp::endpoint const &endpoint);

// The listening socket at `endpoint`. Throws NETWORK where there is none.
int own_listener(lt::tcp::endpoint const &endpoint);

// Whom a connected socket is connected to, and from which address of ours.
std::optional<lt::tcp::endpoint> peer_of(int fd);
std::optional<lt::tcp::endpoint> local_of(int fd);
// A program that this process starts does not inherit it: it would hold the connection open past our close.
void keep_from_children(int fd);
// The same of all that is bound there: beside a listener libtorrent has a UDP socket.
void keep_from_children(lt::tcp::endpoint const &local);
// Whether the kernel may hold more for us to read than at the start (SO_BUF_LOCK), as it does where the other
// side sends fast: up to what the system allows, tens of MiB. libtorrent makes room for all of it at once.
void let_receive_buffer_grow(int fd, bool may_grow);
int receive_buffer_bytes(int fd);
// Its owner finds it closed by the other side; nothing more is delivered either way.
void end_connection(int fd);
// Resets it at once, and not with the last close: a program that is being started may have a copy.
void reset_connection(int fd);

// The interface that a socket is bound to (SO_BINDTODEVICE); empty where it is bound to none.
std::string device_of(int fd);
// Binds it, and looks whether that took. Returns 0 or an errno.
int bind_to_device(int fd, std::string const &device);

} // namespace clt
