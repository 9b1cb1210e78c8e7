// A peer that says anything in BEP 9, asked for metadata or asking for it, and an info dictionary of its
// choice.
//
// The input: a byte of flags (bit 0: we serve), two bytes with the dictionary's length, the dictionary, and
// then steps, see `step`. What must hold: nothing but the right bytes is taken for the metadata; a peer gets
// each block twice at most and a bounded number of refusals; and whoever answers honestly in the end is
// believed.
#include "check.hpp"
#include "metadata_dialogue.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/hasher.hpp>

#include <map>

namespace {

constexpr size_t max_size = 1 << 20;
constexpr size_t block_size = clt::metadata_dialogue::block_size;

class reader {
public:
    reader(uint8_t const *data, size_t size) : bytes_(reinterpret_cast<char const *>(data), size) {}
    bool is_empty() const { return at_ == bytes_.size(); }
    size_t number(int bytes) {
        size_t out = 0;
        for (char const c : take(size_t(bytes)))
            out = out << 8 | uint8_t(c);
        return out;
    }
    std::string take(size_t size) {
        std::string const out = bytes_.substr(at_, size);
        at_ += out.size();
        return out;
    }

private:
    std::string const bytes_;
    size_t at_ = 0;
};

class peer final : public clt::metadata_observer, public clt::metadata_line {
public:
    peer(std::string info, bool serving) : info_(std::move(info)) {
        pool_->info_hash = lt::hasher(info_).final();
        pool_->max_size = max_size;
        pool_->observer = this;
        pool_->wanted = !serving;
        if (serving) pool_->info = std::make_shared<std::vector<char> const>(info_.begin(), info_.end());
    }

    // False: the peer was cut.
    bool step(reader &in) {
        switch (in.number(1)) {
        case 0:
            handshake(in.take(in.number(1)));
            return true;
        case 1:
            is_honest_ = false;
            return message(in.take(in.number(2)));
        case 2:
            return deliver(in.number(1));
        case 3:
            dialogue_.tick();
            return true;
        case 4:
            return message("d8:msg_typei0e5:piecei" + std::to_string(in.number(1)) + "ee");
        case 5:
            unsent_ = int(in.number(1)) << 14;
            return true;
        case 6: {
            is_honest_ = false;
            std::string lie = block(in.number(1));
            lie.back() = char(lie.back() ^ 1);
            return message(lie);
        }
        default:
            handshake(handshake_of(info_.size()));
            return true;
        }
    }

    // Everything is answered from here on.
    void end_honestly() {
        if (!is_honest_ || pool_->info || info_.empty() || info_.size() > max_size) return;
        handshake(handshake_of(info_.size()));
        if (size_ != info_.size() || id_ == 0) return; // another handshake was the first
        for (int second = 0; second < 12; ++second) {
            dialogue_.tick();
            for (size_t i = 0; i < blocks(); ++i)
                expect(deliver(i));
        }
        expect(was_received_);
    }

private:
    static std::string handshake_of(size_t size) {
        return "d1:md11:ut_metadatai3ee13:metadata_sizei" + std::to_string(size) + "ee";
    }

    size_t blocks() const { return (info_.size() + block_size - 1) / block_size; }

    std::string block(size_t piece) const {
        size_t const offset = std::min(info_.size(), piece * block_size);
        return "d8:msg_typei1e5:piecei" + std::to_string(piece) + "e10:total_sizei" +
               std::to_string(info_.size()) + "ee" + info_.substr(offset, block_size);
    }

    bool deliver(size_t piece) {
        if (id_ != 0 && size_ == info_.size() && piece < blocks()) delivered_.insert(int64_t(piece));
        return message(block(piece));
    }

    void handshake(std::string const &text) {
        lt::error_code error;
        lt::bdecode_node const node = lt::bdecode(text, error);
        if (error || node.type() != lt::bdecode_node::dict_t) return;
        if (!is_shaken_) {
            is_shaken_ = true;
            if (auto const messages = node.dict_find_dict("m"))
                id_ = messages.dict_find_int_value("ut_metadata", 0);
            if (id_ < 1 || id_ > 255) id_ = 0;
        }
        // The first size that can be one is final.
        auto const size = node.dict_find_int_value("metadata_size", 0);
        if (size_ == 0 && size > 0 && uint64_t(size) <= max_size) size_ = uint64_t(size);
        dialogue_.handshake(node);
    }

    bool message(std::string const &body) {
        if (body.size() > size_t(clt::metadata_dialogue::max_message)) return true; // cut before it is read
        size_t const before = sent_;
        // The exact size on the heap, so that a read past its end is seen.
        std::vector<char> const exact(body.begin(), body.end());
        bool const goes_on = dialogue_.message(exact);
        expect(sent_ <= before + 1);
        return goes_on;
    }

    void send(int message_id, std::string const &body) override {
        ++sent_;
        expect(id_ != 0 && message_id == id_ && body.size() <= size_t(clt::metadata_dialogue::max_message));
        lt::error_code error;
        lt::bdecode_node const node = lt::bdecode(body, error);
        expect(!error && node.type() == lt::bdecode_node::dict_t);
        auto const type = node.dict_find_int_value("msg_type", -1);
        auto const piece = node.dict_find_int_value("piece", -1);
        if (type == 0) {
            expect(!was_received_ && size_ <= max_size && piece >= 0 && uint64_t(piece) * block_size < size_);
            expect(!is_honest_ || delivered_.count(piece) == 0); // what is there is not asked for again
        } else if (type == 1) {
            expect(pool_->info && piece >= 0 && uint64_t(piece) < blocks() && ++served_[piece] <= 2);
            expect(body.substr(size_t(node.data_section().size())) ==
                   info_.substr(size_t(piece) * block_size, block_size));
        } else {
            expect(type == 2 && ++refusals_ <= 256);
        }
    }

    int unsent() const override { return unsent_; }

    void metadata_received(std::shared_ptr<std::vector<char> const> info) override {
        expect(!was_received_ && std::string(info->begin(), info->end()) == info_);
        was_received_ = true;
        clt_metainfo *metainfo = nullptr;
        int32_t const code = clt_metainfo_parse_info(reinterpret_cast<uint8_t const *>(info->data()),
                                                     info->size(), nullptr, &metainfo, nullptr);
        if (code == CLT_OK)
            check_metainfo(metainfo);
        else
            expect(code == CLT_MALFORMED || code == CLT_LIMIT);
        clt_metainfo_free(metainfo);
    }

    std::string const info_;
    std::shared_ptr<clt::metadata_pool> const pool_ = std::make_shared<clt::metadata_pool>();
    clt::metadata_dialogue dialogue_{pool_, *this};
    bool is_honest_ = true, is_shaken_ = false, was_received_ = false;
    int64_t id_ = 0;
    uint64_t size_ = 0;
    int unsent_ = 0;
    size_t sent_ = 0;
    int refusals_ = 0;
    std::map<int64_t, int> served_;
    std::set<int64_t> delivered_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    reader in(data, size);
    bool const serving = (in.number(1) & 1) != 0;
    std::string info = in.take(in.number(2));
    if (serving && info.empty()) return 0; // a torrent that is served has an info dictionary
    peer remote(std::move(info), serving);
    // Two bytes can be a step that moves a block: past some hundreds, more say nothing new and take seconds.
    for (int steps = 0; steps < 300 && !in.is_empty(); ++steps)
        if (!remote.step(in)) return 0;
    remote.end_honestly();
    return 0;
}
