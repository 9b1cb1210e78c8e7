// One torrent of the engine: its handle, members, plugins and what is known of it. Network thread only.
#pragma once

#include "disk_layer.hpp"
#include "event_queue.hpp"
#include "file_selection.hpp"
#include "gate.hpp"
#include "message_channel.hpp"
#include "metadata_exchange.hpp"
#include "metainfo.hpp"
#include "piece_reads.hpp"
#include "refusal_log.hpp"

#include <chrono>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <memory>
#include <utility>

namespace clt {

// What a torrent needs of the engine that it is in.
struct torrent_context {
    event_queue &events;
    refusal_log &refusals;
    clt_limits limits;
    clt::door &door;
    disk_layer *disk = nullptr; // the session's; nullptr where there is no session
};

class torrent final : public gate_observer,
                      public metadata_observer,
                      public message_observer,
                      public piece_reads_observer,
                      public content_observer {
public:
    torrent(clt_torrent_id id, clt_add_options const &options, torrent_context &context);
    ~torrent();
    torrent(torrent const &) = delete;
    torrent &operator=(torrent const &) = delete;

    void add_to(lt::session &session);
    // `deleting`: its files go too, where they are its own.
    void remove_from(lt::session &session, bool deleting);
    // After that: what was left.
    std::vector<left_file> const &left_files() const { return left_->left; }
    bool is_gone() const { return !handle_.native_handle(); }

    clt_torrent_id id() const { return id_; }
    lt::torrent_handle const &handle() const { return handle_; }
    membership const &members() const { return *members_; }

    void start(std::vector<lt::tcp::endpoint> const &peers);
    void stop();
    // Moves its files; answered by CLT_EVENT_MOVED. It stands still until end_move() is answered.
    void move(std::string path, uint64_t request);
    void cancel_move() { context_.disk->cancel_move(*content_); }
    void end_move(bool discarding, uint64_t request);
    // Gives a file another name (file_names.hpp); answered by CLT_EVENT_RENAMED. It stands still until then.
    void rename(int file, std::string const &path, uint64_t request);
    void accept_metadata(clt_metainfo const &looked_at);
    void set_members(std::vector<member> members);
    void cut_all() { gate_->cut_all(); }
    void save_resume_data(uint64_t request);
    void set_rate_limits(uint32_t upload, uint32_t download);
    uint32_t rate_class() const { return rate_class_; }
    void note_rate_class(uint32_t rate_class) { rate_class_ = rate_class; }
    // Whether every piece that is wanted is there.
    bool is_finished() const;
    void dial_again();
    // Whether the engine must count anew whom the torrent may dial: see engine::recount_candidates(). Once
    // each time.
    bool takes_recount() { return std::exchange(wants_recount_, false); }
    void set_file_priorities(std::vector<uint8_t> priorities);
    void set_sequential(bool sequential) { reads_->set_always_in_order(handle_, sequential); }
    void read_piece(int piece, uint64_t request);
    void cancel_reads(std::vector<uint64_t> const &requests) { reads_->cancel(handle_, requests); }
    clt_send_outcome send(clt_message const &message);
    clt_message_counters message_counters() const;
    clt_torrent_status status() const;
    std::vector<lt::peer_info> peers() const;
    file_selection const &selection() const { return *selection_; }

    void on_alert(lt::alert const &alert);
    // Alerts were lost: what they would have said is read from the status.
    void resynchronise();
    void on_tick();
    void on_progress(lt::torrent_status const &status);

private:
    enum class metadata_state { wanted, held, there };

    void peer_connected(lt::tcp::endpoint const &, clt_direction, member const &) override;
    void peer_reached(lt::tcp::endpoint const &, clt_direction, clt_peer_stage) override;
    void peer_disconnected(lt::tcp::endpoint const &, clt_direction, clt_disconnect, std::string) override;
    void peer_refused(lt::tcp::endpoint const &, clt_direction, clt_refusal) override;
    void metadata_received(std::shared_ptr<std::vector<char> const> info) override;
    bool message_received(lt::tcp::endpoint const &, std::string const &peer_id, uint8_t kind,
                          lt::span<char const> body) override;
    void begin_read(int piece) override;
    void read_done(int piece, boost::shared_array<char> const &data, size_t size,
                   lt::error_code const &error);
    void piece_read(uint64_t request, int piece, boost::shared_array<char> const &data, size_t size,
                    lt::error_code const &error) override;

    void content_failed(file_fault const &fault, std::string const &path) override;
    void content_moved(file_fault const &fault, std::string const &path) override;
    void content_renamed(file_fault const &fault, std::string const &path) override;
    void sources_discarded(std::vector<left_file> left) override;
    void content_corrupt(int piece, std::vector<std::string> const &paths) override;
    void room_found() override;

    void push(event e) { context_.events.push(std::move(e)); }
    void close_plugins();
    void push_state();
    void stand_still(uint64_t request, char const *wish);
    void answer_move(clt_event_kind kind, file_fault const &fault, std::string const &path);
    void go_on_after_move();
    void apply_selection();
    clt_torrent_state state_of(lt::torrent_status const &status) const;
    // What others are told.
    clt_torrent_state told_state(lt::torrent_status const &status) const;
    void on_checked();
    void seal_what_stands(clt_torrent_state state);
    void on_storage_error(lt::error_code const &error, char const *operation, std::string const &path);
    void answer_resume_data(lt::add_torrent_params const *params, lt::error_code const &error);

    clt_torrent_id const id_;
    torrent_context &context_;
    lt::add_torrent_params params_;
    lt::torrent_handle handle_;
    std::shared_ptr<membership> members_;
    std::shared_ptr<gate> gate_;
    std::shared_ptr<metadata_exchange> exchange_;
    std::shared_ptr<message_channel> messages_; // nullptr where it was not asked for
    std::shared_ptr<file_selection> selection_;
    std::shared_ptr<piece_reads> reads_;
    std::shared_ptr<content_watch> content_;
    std::shared_ptr<file_removal> left_ = std::make_shared<file_removal>();
    enum class move_state { none, moving, moved, ending } move_ = move_state::none;
    uint64_t move_request_ = 0;

    metadata_state metadata_;
    std::shared_ptr<std::vector<char> const> held_;
    bool have_given_;      // the caller said which pieces are good: no check of the engine's own
    bool started_ = false; // as the caller wishes
    bool checked_ = false;
    bool wants_recount_ = false;
    bool failed_ = false;            // by the disk layer; until it is started again
    bool wants_room_ = false;        // that is why: it goes on when there is some
    bool wants_descriptors_ = false; // of these
    std::chrono::steady_clock::time_point next_look_for_room_{};
    std::chrono::seconds room_pause_{};      // between looks; longer where room is found and is none
    std::vector<lt::tcp::endpoint> to_dial_; // once checked
    uint32_t rate_class_ = 0;
    std::vector<uint64_t> resume_requests_;
    int last_state_ = 0;
    uint64_t reused_bytes_ = 0;
    uint64_t last_reported_bytes_ = 0;
};

} // namespace clt
