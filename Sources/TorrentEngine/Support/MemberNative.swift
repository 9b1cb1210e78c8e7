import CLibtorrent

/// Lends members to a C call, each with the number that the shim knows it by.
func withBorrowed<Result>(
    _ members: [(member: Member, rule: UInt64)], _ body: (UnsafeBufferPointer<clt_member>) -> Result
) -> Result {
    // One block of text that all the pointers below go into.
    let text = members.flatMap { ($0.member.peerID ?? "").utf8 }.map { CChar(bitPattern: $0) }
    return text.withUnsafeBufferPointer { text in
        var offset = 0
        let natives = members.map { member, rule in
            let (first, last) = member.rule.native
            var native = clt_member()
            native.struct_size = UInt32(MemoryLayout<clt_member>.size)
            native.kind = CLT_MEMBER_ADDRESS_RANGE.rawValue
            native.rule = rule
            native.source = member.source.raw
            native.first = first
            native.last = last
            native.peer_id_length = (member.peerID ?? "").utf8.count
            native.peer_id = text.baseAddress.map { $0 + offset }
            offset += native.peer_id_length
            return native
        }
        return natives.withUnsafeBufferPointer(body)
    }
}
