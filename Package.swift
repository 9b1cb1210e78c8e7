// swift-tools-version: 6.2
import PackageDescription

// The defines that Debian's libtorrent-rasterbar.pc lists: they change class layouts, so the shim must be
// compiled with every one of them (pkg-config would drop them: SwiftPM prohibits its `-D` flags).
let engineDefines: [CXXSetting] = [
    "TORRENT_LINKING_SHARED", "TORRENT_USE_OPENSSL", "TORRENT_USE_LIBCRYPTO", "TORRENT_SSL_PEERS",
    "BOOST_ASIO_ENABLE_CANCELIO", "BOOST_ASIO_NO_DEPRECATED", "BOOST_ALL_NO_LIB", "OPENSSL_NO_SSL2",
].map { .define($0) }

var swiftSettings: [SwiftSetting] = [
    "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
].map { .enableUpcomingFeature($0) }
var cSettings: [CSetting] = [.headerSearchPath("src")]
var cxxSettings = engineDefines + [.headerSearchPath("src")]

// CI sets this; a package that depends on this one must not fail on a newer compiler's warning.
if Context.environment["PRIVATETORRENT_WARNINGS_AS_ERRORS"] != nil {
    swiftSettings.append(.treatAllWarnings(as: .error))
    cSettings.append(.treatAllWarnings(as: .error))
    cxxSettings.append(.treatAllWarnings(as: .error))
}

let package = Package(
    name: "PrivateTorrent",
    products: [
        .library(name: "PrivateTorrent", targets: ["PrivateTorrent"]),
        .library(name: "TorrentEngine", targets: ["TorrentEngine"]),
        .library(name: "NodeInterface", targets: ["NodeInterface"]),
        .library(name: "NodeConfiguration", targets: ["NodeConfiguration"]),
        .library(name: "NodeSupport", targets: ["NodeSupport"]),
        .library(name: "NodeControl", targets: ["NodeControl"]),
        .library(name: "PrometheusMetrics", targets: ["PrometheusMetrics"]),
        .library(name: "PrivateTorrentTesting", targets: ["PrivateTorrentTesting"]),
        .executable(name: "swarmctl", targets: ["swarmctl"]),
        .executable(name: "swarmd", targets: ["swarmd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "Reloading"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", "5.4.0"..<"7.0.0"),
    ],
    targets: [
        .target(
            name: "CShim", path: "CShim", sources: ["src"], publicHeadersPath: "include",
            cSettings: cSettings, cxxSettings: cxxSettings,
            linkerSettings: [.linkedLibrary("torrent-rasterbar"), .linkedLibrary("crypto")]),
        .systemLibrary(
            name: "CLibtorrent",
            providers: [.apt(["libtorrent-rasterbar-dev", "libboost-system-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "TorrentEngine",
            dependencies: [
                "CLibtorrent", "CShim", .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "PrometheusMetrics",
            dependencies: ["TorrentEngine", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: swiftSettings),
        .target(name: "NodeInterface", swiftSettings: swiftSettings),
        .target(name: "NodeSupport", dependencies: ["NodeInterface"], swiftSettings: swiftSettings),
        .target(
            name: "PrivateTorrent",
            dependencies: [
                "TorrentEngine", "NodeInterface", "NodeSupport",
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "PrivateTorrentTesting",
            dependencies: ["PrivateTorrent", "TorrentEngine", "NodeInterface", "NodeSupport"],
            swiftSettings: swiftSettings),
        .target(
            name: "NodeConfiguration",
            dependencies: [
                "PrivateTorrent", "NodeInterface", "TorrentEngine",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "NodeControl",
            dependencies: [
                "PrivateTorrent", "TorrentEngine", "NodeInterface", "NodeSupport",
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Dashboard")], swiftSettings: swiftSettings),
        .target(
            name: "SwarmdSupport",
            dependencies: [
                "NodeControl", "NodeConfiguration", "NodeInterface", "PrivateTorrent", "TorrentEngine",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "swarmctl",
            dependencies: [
                "PrivateTorrent", "TorrentEngine", "NodeInterface", "NodeControl", "SwarmdSupport", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "swarmd",
            dependencies: [
                "NodeControl", "NodeInterface", "NodeSupport", "PrivateTorrent", "PrometheusMetrics",
                "SwarmdSupport", "TorrentEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "OrderedBenchmark", dependencies: ["TorrentEngine"], path: "Tests/Benchmarks/Ordered",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "StateBenchmark", dependencies: ["PrivateTorrent", "TorrentEngine"],
            path: "Tests/Benchmarks/State", swiftSettings: swiftSettings),
        .executableTarget(
            name: "LimitsBenchmark", dependencies: ["TorrentEngine"], path: "Tests/Benchmarks/Limits",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "SoakPeer", dependencies: ["PrivateTorrent", "TorrentEngine"], path: "Tests/Soak/Peer",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "StoryNode",
            dependencies: [
                "PrivateTorrent", "PrivateTorrentTesting", "NodeSupport", "NodeInterface", "TorrentEngine",
            ],
            path: "Tests/StoryNode", swiftSettings: swiftSettings),
        .executableTarget(
            name: "CrashNode", dependencies: ["PrivateTorrent", "TorrentEngine"], path: "Tests/Crash/Node",
            swiftSettings: swiftSettings),
        .executableTarget(name: "CShimSmoke", dependencies: ["CShim"], path: "Tests/CShimSmoke"),
        .executableTarget(
            name: "DiskLayerCheck", dependencies: ["CShim"], path: "Tests/DiskLayer",
            cxxSettings: cxxSettings + [.headerSearchPath("../../CShim/src")]),
        .executableTarget(
            name: "NetworkSource", dependencies: ["PrivateTorrent", "NodeInterface", "TorrentEngine"],
            path: "Tests/Network/Source", swiftSettings: swiftSettings),
        .executableTarget(name: "NetworkMember", dependencies: ["CShim"], path: "Tests/Network/Member"),
        .executableTarget(
            name: "AttackTarget", dependencies: ["TorrentEngine"], path: "Tests/AttackTarget",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TorrentEngineTests", dependencies: ["TorrentEngine"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: [
                "PrometheusMetrics", "TorrentEngine", .product(name: "Metrics", package: "swift-metrics"),
            ],
            exclude: ["exposition.txt"], swiftSettings: swiftSettings),
        .testTarget(
            name: "NodeInterfaceTests", dependencies: ["NodeInterface"], swiftSettings: swiftSettings),
        .testTarget(
            name: "NodeSupportTests",
            dependencies: ["NodeSupport", "NodeInterface", "PrivateTorrentTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PrivateTorrentTests",
            dependencies: [
                "PrivateTorrent", "TorrentEngine", "NodeInterface", "NodeSupport", "PrivateTorrentTesting",
            ],
            exclude: ["State/index-1.json"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PrivateTorrentTestingTests",
            dependencies: [
                "PrivateTorrentTesting", "PrivateTorrent", "TorrentEngine", "NodeInterface", "NodeSupport",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "NodeConfigurationTests",
            dependencies: [
                "NodeConfiguration", "PrivateTorrent", "TorrentEngine", "NodeInterface",
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "NodeControlTests",
            dependencies: [
                "NodeControl", "PrivateTorrent", "PrivateTorrentTesting", "PrometheusMetrics",
                "TorrentEngine",
                "NodeInterface",
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SwarmctlTests",
            dependencies: [
                "swarmctl", "swarmd", "NodeControl", "PrivateTorrent", "SwarmdSupport", "TorrentEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)

// Sanitized builds take long: this leaves them what their tests run, and what that needs; with "server", also the control
// server, whose HTTP library takes as long to build as all else.
if let kept = Context.environment["PRIVATETORRENT_CORE_ONLY"] {
    var core: Set = [
        "CShim", "CLibtorrent", "TorrentEngine", "NodeInterface", "NodeSupport", "PrivateTorrent",
        "PrivateTorrentTesting", "PrometheusMetrics", "CShimSmoke", "DiskLayerCheck", "TorrentEngineTests",
        "NodeSupportTests", "PrivateTorrentTests", "PrivateTorrentTestingTests", "PrometheusMetricsTests",
    ]
    if kept == "server" { core.formUnion(["NodeControl", "NodeControlTests"]) }
    package.targets.removeAll { !core.contains($0.name) }
    package.products.removeAll { !core.contains($0.name) }
}
