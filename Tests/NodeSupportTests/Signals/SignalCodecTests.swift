import Foundation
import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("SignalCodec")
struct SignalCodecTests {
    static let request = Signal(
        signalID: "s1", fromPeerID: "a", toPeerID: "b", sentAt: UnixTime(milliseconds: 1500),
        body: .requestBtFallback(
            RequestBtFallback(
                jobID: "7", variantID: "v", contentIDType: "t", contentIDValue: "c", reason: "mesh-failures",
                hints: .init(preferredPieceSizeBytes: 65536, endpoints: ["10.0.0.1:6881"]))))
    static let ack = Signal(
        signalID: "s2", fromPeerID: "b", toPeerID: "a", sentAt: UnixTime(milliseconds: 2500),
        body: .requestBtFallbackAck(
            RequestBtFallbackAck(
                requestSignalID: "s1", jobID: "7", variantID: "v", accepted: true, reason: .ok,
                btFallbackID: "00", endpoints: ["[::1]:6881"])), ttl: .seconds(60),
        preferredChannels: [.direct])
    static let cancel = Signal(
        signalID: "s3", fromPeerID: "a", toPeerID: "b", sentAt: UnixTime(milliseconds: 0),
        body: .jobCancel(JobCancel(jobID: "7", requestSignalID: "s1")), preferredChannels: [])

    @Test("the envelope has the words of the contract")
    func spelling() throws {
        #expect(
            String(decoding: try SignalCodec.encode(Self.request), as: UTF8.self)
                == #"{"body":{"contentIdType":"t","contentIdValue":"c","hints":{"endpoints":["10.0.0.1:6881"],"#
                + #""preferredPieceSizeBytes":65536},"jobId":"7","reason":"mesh-failures","variantId":"v"},"#
                + #""fromPeerID":"a","preferredChannels":["mesh","btExtension"],"#
                + #""sentAt":"1970-01-01T00:00:01.500Z","signalID":"s1","toPeerID":"b","ttl":300,"#
                + #""type":"Swarm.RequestBtFallback"}"#)
        #expect(
            String(decoding: try SignalCodec.encode(Self.ack), as: UTF8.self)
                == #"{"body":{"accepted":true,"btFallbackId":"00","endpoints":["[::1]:6881"],"jobId":"7","#
                + #""reason":"ok","requestSignalId":"s1","variantId":"v"},"fromPeerID":"b","#
                + #""preferredChannels":["direct"],"sentAt":"1970-01-01T00:00:02.500Z","signalID":"s2","#
                + #""toPeerID":"a","ttl":60,"type":"Swarm.RequestBtFallbackAck"}"#)
        #expect(
            String(decoding: try SignalCodec.encode(Self.cancel), as: UTF8.self).contains(
                #""body":{"jobId":"7","requestSignalId":"s1"}"#))
    }

    @Test("what is written is read", arguments: [request, ack, cancel])
    func roundTrip(signal: Signal) throws {
        #expect(try SignalCodec.decode(SignalCodec.encode(signal)) == signal)
    }

    private func decode(_ text: String) throws -> Signal { try SignalCodec.decode(Array(text.utf8)) }
    private func envelope(_ body: String, _ more: String = "", type: String = "Swarm.RequestBtFallback")
        -> String
    {
        #"{"signalID":"s","fromPeerID":"a","toPeerID":"b","sentAt":"2026-01-01T00:00:00Z","#
            + #""type":"\#(type)","body":\#(body)\#(more)}"#
    }

    @Test("unknown fields are skipped, and what is missing in a request is empty")
    func lenient() throws {
        let signal = try decode(
            envelope(
                #"{"jobId":null,"later":[{"x":1}]}"#, #","future":{"y":[1,2]},"preferredChannels":["pigeon"]"#
            ))
        #expect(signal.body == .requestBtFallback(RequestBtFallback(jobID: "", variantID: "")))
        #expect(signal.ttl == .seconds(300))
        #expect(signal.preferredChannels == [SignalChannelKind(rawValue: "pigeon")])
    }

    @Test("an unknown type is an error of its own")
    func unknownType() {
        let error = #expect(throws: BackendError.self) { try decode(envelope("{}", type: "Pod.Hello")) }
        #expect(error?.code == .unsupported)
    }

    @Test("what is not well-formed is refused without a word of the sender's")
    func malformed() {
        let valid = envelope("{}")
        let texts = [
            "", "{", "}", "[]", "null", "\"x\"", valid + "x", valid + valid, " ", "{}", "\u{feff}" + valid,
            envelope("[]"), envelope("null"), envelope(#"{"jobId":5}"#), envelope(#"{"hints":7}"#),
            envelope("{}", #","ttl":0"#), envelope("{}", #","ttl":-1"#), envelope("{}", #","ttl":86401"#),
            envelope("{}", #","ttl":1.5"#), envelope("{}", #","ttl":99999999999999999999"#),
            envelope("{}", #","ttl":"SECRET""#), envelope("{}", #","preferredChannels":"mesh""#),
            valid.replacing("2026-01-01T00:00:00Z", with: "now"), valid.replacing(#""s""#, with: #""""#),
            valid.replacing(#""a""#, with: "1"), envelope("{}", type: "Swarm.JobCancel"),
            envelope(#"{"jobId":"7","accepted":1}"#, type: "Swarm.RequestBtFallbackAck"),
            valid.replacing(":", with: " "), valid.replacing("\"b\"", with: "\"b\u{0}\""),
        ]
        for text in texts {
            let error = #expect(throws: BackendError.self, "\(text)") { try decode(text) }
            #expect(error?.code == .malformed, "\(text)")
            #expect(error.map { "\($0)\($0.underlying ?? "")".contains("SECRET") } == false)
        }
        let invalid = #expect(throws: BackendError.self) { try SignalCodec.decode([123, 0xff, 125]) }
        #expect(invalid?.reason == "it is not UTF-8")
    }

    @Test("limits on size, depth, texts, endpoints and channels")
    func limits() throws {
        let padding = String(repeating: " ", count: SignalCodec.maximumBytes - envelope("{}").utf8.count)
        _ = try decode(envelope("{}", padding))
        let deep = String(repeating: "[", count: 14) + String(repeating: "]", count: 14)
        _ = try decode(envelope("{\"x\":\(deep)}"))
        _ = try decode(envelope(#"{"jobId":"\#(String(repeating: "j", count: 256))"}"#))
        let tooMuch = [
            envelope("{}", padding + " "), envelope("{\"x\":[\(deep)]}"),
            envelope("{\"x\":\(String(repeating: "[", count: 30_000))"),
            envelope(#"{"jobId":"\#(String(repeating: "j", count: 257))"}"#),
            envelope(
                #"{"hints":{"endpoints":[\#(Array(repeating: "\"x\"", count: 17).joined(separator: ","))]}}"#),
            envelope(
                "{}",
                #","preferredChannels":[\#(Array(repeating: "\"x\"", count: 9).joined(separator: ","))]"#),
        ]
        for text in tooMuch {
            let error = #expect(throws: BackendError.self) { try decode(text) }
            #expect(error?.code == .limitExceeded)
        }
        // Braces in a text are no nesting.
        _ = try decode(envelope(#"{"jobId":"\#(String(repeating: "{", count: 100))\"["}"#))
    }

    @Test("what decoding would refuse is not encoded")
    func encoding() {
        var long = Self.request
        long.signalID = String(repeating: "x", count: 257)
        var empty = Self.request
        empty.toPeerID = ""
        var brief = Self.request
        brief.ttl = .milliseconds(999)
        for (signal, code) in [
            (long, BackendError.Code.limitExceeded), (empty, .malformed), (brief, .malformed),
        ] {
            let error = #expect(throws: BackendError.self) { try SignalCodec.encode(signal) }
            #expect(error?.code == code)
        }
    }

    /// Mutations of valid envelopes: each is decoded or refused with a typed error, and what is decoded can be
    /// encoded again and means the same.
    @Test("thousands of mutated envelopes", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        let valid = try [Self.request, Self.ack, Self.cancel].map { try SignalCodec.encode($0) }
        let tokens = [
            "{", "}", "[", "]", "\"", "\\", ",", ":", "null", "true", "-", "1e999", "\\ud800", "\u{0}",
            "\"body\"", "\"type\"", "\"Swarm.JobCancel\"", "\"ttl\":1,", "\u{202e}", "9223372036854775808",
        ].map { Array($0.utf8) }
        var decoded = 0
        for round in 0..<2500 {
            var bytes = valid[round % 3]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                let rest = min(bytes.count - at, Int.random(in: 0...8, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes.insert(.random(in: 0...255, using: &random), at: at)
                case 2: bytes.removeSubrange(at..<at + rest)
                case 3: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: at)
                case 4:
                    // A piece of another envelope.
                    let other = valid[Int.random(in: 0..<3, using: &random)]
                    let from = Int.random(in: 0..<other.count, using: &random)
                    bytes.insert(contentsOf: other[from...].prefix(40), at: at)
                default: bytes.insert(contentsOf: bytes[at..<at + rest], at: at)
                }
            }
            let signal: Signal
            do throws(BackendError) {
                signal = try SignalCodec.decode(bytes)
            } catch {
                #expect([.malformed, .limitExceeded, .unsupported].contains(error.code))
                continue
            }
            decoded += 1
            #expect(try SignalCodec.decode(SignalCodec.encode(signal)) == signal)
        }
        // Some mutations change a text only, so that the readers behind are reached too.
        #expect(decoded > 50)
    }
}
