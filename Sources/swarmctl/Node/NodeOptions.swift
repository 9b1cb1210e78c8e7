import ArgumentParser
import NodeControl

/// What every command takes that asks a node.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The node's control socket; by default $XDG_RUNTIME_DIR/privatetorrent/control.sock, or below /run.",
            valueName: "path"))
    var socket: String?

    var client: ControlClient { ControlClient(path: socket) }
}
