public import TorrentEngine

/// The text format of Prometheus: names, escapes, numbers.
enum PrometheusText {
    /// The name that a metric has there.
    static func name(_ label: String, _ kind: PrometheusKind) -> String {
        let name = identifier(label, withColons: true)
        let suffix =
            switch kind {
            case .counter: "_total"
            case .timer: "_seconds"
            case .gauge, .histogram: ""
            }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    /// Names and values of the labels, by name, each name once.
    static func labels(_ dimensions: [(String, String)], of kind: PrometheusKind) -> [(String, String)] {
        var out: [String: String] = [:]
        for (name, value) in dimensions {
            var name = identifier(name, withColons: false)
            // `le` says which bucket it is, and what begins with `__` is Prometheus' own.
            if kind.word == "histogram", name == "le" { name = "exported_le" }
            if name.hasPrefix("__") { name = "exported" + name }
            if out[name] == nil { out[name] = value }
        }
        return out.sorted { $0.key < $1.key }
    }

    /// `{a="b",c="d"}`; nothing where there is none.
    static func written(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0)=\"\(escaped($1, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    static func head(_ name: String, _ kind: PrometheusKind, _ help: String) -> String {
        "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind.word)\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// What is allowed of the text; `_` for the rest.
    private static func identifier(_ text: String, withColons: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": out.unicodeScalars.append(scalar)
            case "0"..."9":
                if out.isEmpty { out = "_" }
                out.unicodeScalars.append(scalar)
            case ":" where withColons: out.unicodeScalars.append(scalar)
            default: out += "_"
            }
        }
        return out.isEmpty ? "_" : out
    }
}

extension MetricDescription {
    /// The name that it has in Prometheus; of a timer, without `_bucket`, `_sum` and `_count`.
    public var prometheusName: String {
        switch kind {
        case .counter: PrometheusText.name(label, .counter)
        case .gauge: PrometheusText.name(label, .gauge)
        case .timer: PrometheusText.name(label, .timer)
        }
    }
}
