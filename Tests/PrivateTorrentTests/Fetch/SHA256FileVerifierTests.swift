import Foundation
import NodeInterface
import PrivateTorrent
import Testing

@Suite("SHA256FileVerifier", .timeLimit(.minutes(1)))
struct SHA256FileVerifierTests {
    /// FIPS 180-4's examples: no byte, three, and a million of "a", which is more than one read.
    private static let vectors: [(text: String, hash: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
        // One byte and more than a read ends with.
        (
            String(repeating: "a", count: 1 << 20),
            "9bc1b2a288b26af7257a36277ae3816a7d4f16e89c1e7e77d0a5c48bad62b360"
        ),
    ]

    private func file(_ hash: String) -> SwarmFile { SwarmFile(contentID: "c", hash: hash, sizeBytes: 0) }

    private func path(_ text: String, in scratch: Scratch) throws -> String {
        let path = "\(scratch.path)/f"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test("known hashes, in each form")
    func known() async throws {
        let scratch = try Scratch()
        let verifier = SHA256FileVerifier()
        for (text, hash) in Self.vectors {
            let path = try path(text, in: scratch)
            #expect(try await SHA256FileVerifier.hash(of: path) == "sha256:\(hash)")
            for form in [hash, "sha256:\(hash)", "SHA256:\(hash.uppercased())"] {
                #expect(try await verifier.matches(path: path, file: file(form)))
            }
            let other = hash.replacing(hash.suffix(1), with: hash.hasSuffix("0") ? "1" : "0")
            #expect(try await !verifier.matches(path: path, file: file(other)))
        }
    }

    @Test(
        "a hash of another form is an error, and no match",
        arguments: [
            "", "sha256:", "sha1:" + String(repeating: "a", count: 64), String(repeating: "g", count: 64),
        ])
    func forms(_ hash: String) async throws {
        let scratch = try Scratch()
        let path = try path("abc", in: scratch)
        let error = await #expect(throws: BackendError.self) {
            try await SHA256FileVerifier().matches(path: path, file: file(hash))
        }
        #expect(error?.code == .unsupported)
    }

    @Test("what is no file, or not there, is an error")
    func noFile() async throws {
        let scratch = try Scratch()
        let path = try path("abc", in: scratch)
        try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/l", withDestinationPath: path)
        for (name, codes) in [
            ("l", [BackendError.Code.storage, .internalFailure]), ("none", [.storage]),
            ("", [.unsupported, .storage]),
        ] {
            let error = await #expect(throws: BackendError.self) {
                try await SHA256FileVerifier.hash(of: "\(scratch.path)/\(name)")
            }
            #expect(error.map { codes.contains($0.code) } == true, "\(name): \(error.debugDescription)")
        }
    }
}
