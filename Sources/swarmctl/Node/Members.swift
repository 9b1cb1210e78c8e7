import ArgumentParser
import NodeControl

/// `swarmctl members`
struct Members: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may be in a torrent's swarm.",
        subcommands: [ListMembers.self, AddMembers.self, RemoveMembers.self],
        defaultSubcommand: ListMembers.self)
}

/// `swarmctl members list`
struct ListMembers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the members of a torrent.")

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        show(
            try await node.client.get("\(found.route)/members", as: MemberList.self), of: found, common.output
        )
    }
}

/// `swarmctl members add`
struct AddMembers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Let members into a torrent's swarm; those with a port are dialled at once.")

    @OptionGroup var torrent: TorrentArgument
    @Argument(help: "Addresses, blocks, or addresses with a port.")
    var rules: [String]
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        let after = try await node.client.send(
            "POST", "\(found.route)/members", body: MembersRequest(members: rules), as: MemberList.self)
        show(after, of: found, common.output)
    }
}

/// `swarmctl members remove`
struct RemoveMembers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Withdraw members: their connections are cut before this returns.")

    @OptionGroup var torrent: TorrentArgument
    @Argument(help: "The rules, as `members list` shows them.")
    var rules: [String]
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        // Each, whatever comes of the others: who is to go is not to stay for a mistake in another's rule.
        var (after, failure): (MemberList?, ControlClientError?)
        for rule in rules {
            do throws(ControlClientError) {
                after = try await node.client.send(
                    "DELETE", "\(found.route)/members?rule=\(percentEncoded(rule))", as: MemberList.self)
            } catch {
                failure = failure ?? error
            }
        }
        if let after { show(after, of: found, common.output) }
        if let failure { throw failure }
    }
}

/// As a query's value has it (RFC 3986 §2.3).
func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let letter = Character(UnicodeScalar(byte))
        if letter.isASCII, letter.isLetter || letter.isNumber || "-._~".contains(letter) {
            return String(letter)
        }
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
}

private func show(_ members: MemberList, of torrent: TorrentReport, _ output: Output) {
    output.emit(MembersEvent(infoHash: "\(torrent.infoHash)", members: members.members))
    guard !members.members.isEmpty else {
        output.note("\(torrent.title): no members")
        return
    }
    let rows = members.members.map { [safe($0.rule), safe($0.source), safe($0.peerID ?? "")] }
    for line in List.aligned([["RULE", "SOURCE", "IDENTITY"]] + rows) { output.print(line) }
}

/// Who may be in the swarm.
struct MembersEvent: OutputEvent {
    static let event = EventName.members
    let infoHash: String
    let members: [MemberEntry]
}
