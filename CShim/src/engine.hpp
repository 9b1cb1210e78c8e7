// An engine: one network thread, one event queue, and the native sessions that run on them (one for now;
// keyed swarms will bring more, since their listener must admit any address). Torrent IDs and event order are
// the engine's; limits, sockets and the member filter a session's.
#pragma once

#include "descriptor_reserve.hpp"
#include "dial_source.hpp"
#include "event_queue.hpp"
#include "held_sockets.hpp"
#include "interface_watch.hpp"
#include "member_union.hpp"
#include "newcomers.hpp"
#include "rate_classes.hpp"
#include "refusal_log.hpp"
#include "torrent.hpp"

#include <libtorrent/io_context.hpp>
#include <libtorrent/session.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace clt {

class engine final : public std::enable_shared_from_this<engine>, private interface_watch::observer {
public:
    explicit engine(clt_engine_options const &options);
    ~engine();

    void start();
    // False where the network thread did not end in time; it then ends by itself.
    bool stop(std::chrono::milliseconds timeout);

    event_queue &events() { return events_; }

    // Runs `body` on the network thread and waits for it; its exceptions come out here.
    template <typename Body> auto run(Body body) -> decltype(body()) {
        using result = decltype(body());
        auto task = std::make_shared<std::packaged_task<result()>>(std::move(body));
        std::future<result> answer = task->get_future();
        post([task] { (*task)(); });
        return answer.get();
    }

    // ---- Network thread only ----

    clt_torrent_id add_torrent(clt_add_options const &options);
    void remove_torrent(clt_torrent_id id, uint64_t request, bool deleting);
    torrent &find(clt_torrent_id id); // throws NOT_FOUND
    // Runs `body`, which may make the torrent want more than it has.
    template <typename Body> void wanting_more(torrent &of, Body body) {
        bool const was_finished = of.is_finished();
        body();
        if (was_finished && !of.is_finished()) dial_again(of);
    }
    // After the members of a torrent changed, or it came or went.
    void update_filter(clt_torrent_id changed);
    lt::session &session() { return *session_; }
    rate_classes &classes() { return classes_; }
    void set_rate_class(torrent &of, uint32_t rate_class);
    refusal_log const &refusals() const { return refusals_; }
    clt_counters counters() const;

private:
    struct removal {
        std::unique_ptr<torrent> gone;
        uint64_t request;
    };

    void dial_again(torrent &of);
    void recount_candidates();
    void post(std::function<void()> body); // throws SHUT_DOWN
    void open_session();
    void limit_everybody();
    void complain(std::exception const &e);
    void on_alerts();
    void on_alert(lt::alert const &alert);
    void schedule_tick();
    void on_tick();
    void on_listening(lt::tcp::endpoint const &endpoint);
    void on_listen_failed(lt::listen_failed_alert const &alert);
    void listen_failed(lt::tcp::endpoint const &endpoint, int system_errno, std::string const &text);
    void listen_again();
    void check_device(lt::tcp::endpoint const &listener);
    void keep_port(lt::tcp::endpoint const &listener);
    void interface_down(std::string const &name) override;
    void interface_up(std::string const &name) override;
    void stand_still();
    void limit_connections();
    void restore_connections_limit();
    void on_accept_failed();
    void refuse_crowds();
    void hold_accepted();
    void hear_again();
    void listen_at(std::string const &interfaces);
    void update_stealth(lt::tcp::endpoint const &listener);
    void finish_removals();
    void close_sessions();

    clt_engine_options const options_; // its pointers are not kept
    lt::settings_pack const settings_;
    event_queue events_;
    refusal_log refusals_;
    dial_source dials_;
    lt::io_context io_{1};
    newcomers newcomers_;
    held_sockets held_;
    door door_;
    torrent_context context_;

    boost::asio::executor_work_guard<lt::io_context::executor_type> work_;
    boost::asio::steady_timer tick_;
    std::chrono::steady_clock::time_point next_look_{};
    std::unique_ptr<lt::session> session_;
    lt::counters const *counters_ = nullptr; // the session's
    rate_classes classes_;
    int failcount_ = 0; // 0 or 1, added to what the settings say
    lt::session_proxy closing_;
    std::string listen_; // as in the options, with the ports that were chosen
    std::optional<interface_watch> interfaces_;
    std::vector<lt::tcp::endpoint> listeners_;
    descriptor_reserve reserve_;
    int connections_limit_ = 0;
    bool accept_failed_ = false; // in the batch of alerts at hand
    bool is_deaf_ = false;       // no listener, for want of descriptors
    bool is_listener_missing_ = false;
    std::map<lt::tcp::endpoint, int> listen_failures_; // the errno that was told last
    clt_torrent_id last_id_ = 0;
    std::map<clt_torrent_id, std::unique_ptr<torrent>> torrents_;
    member_union everybody_;
    std::map<lt::torrent_handle, torrent *> by_handle_;
    std::vector<removal> removals_;

    std::mutex mutex_;
    bool open_ = true; // under mutex_: may post
    std::thread thread_;
    std::future<void> ended_;
};

} // namespace clt
