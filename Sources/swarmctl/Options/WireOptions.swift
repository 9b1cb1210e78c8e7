public import ArgumentParser
public import TorrentEngine

/// How the engine shows itself on the wire.
struct WireOptions: ParsableArguments {
    @Flag(
        help: """
            Leave a stranger's connection attempt unanswered, as if nothing listened. Refusals are then not seen one \
            by one.
            """)
    var stealth = false

    @Option(
        help: ArgumentHelp(
            """
            Stream obfuscation (MSE): handshakeOnly dials with the MSE handshake and goes on in plaintext; off is \
            plaintext both ways; full dials with RC4; required takes nothing else either. It hides nothing from \
            whoever knows the info-hash.
            """, valueName: "mode"))
    var encryption: StreamEncryption = .handshakeOnly
}

extension StreamEncryption: ExpressibleByArgument {}
