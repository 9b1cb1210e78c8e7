/// Text that others wrote, made harmless for a terminal: whatever is not seen, moves the cursor, or turns the
/// direction of writing is shown as `\u{…}`.
func safe(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return String(text) }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if isHarmful(scalar) {
            out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
        } else {
            out.append(scalar)
        }
    }
    return String(out)
}

/// JSON text with the same characters escaped as JSON has it. They can stand inside its strings only.
func escapedJSON(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: isHarmful) else { return json }
    var out = String.UnicodeScalarView()
    for scalar in json.unicodeScalars {
        guard isHarmful(scalar) else {
            out.append(scalar)
            continue
        }
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            let padding = String(repeating: "0", count: 4 - digits.count)
            out.append(contentsOf: "\\u\(padding)\(digits)".unicodeScalars)
        }
    }
    return String(out)
}

private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value < 0x20 || scalar.value > 0x7e else { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: true
    default: false
    }
}
