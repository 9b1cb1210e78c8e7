/// The text in quotation marks, for an error message: control characters and what cannot be seen escaped, and cut
/// after 80 characters, so that hostile input cannot forge a line of a log or a terminal sequence.
package func quoted(_ text: some StringProtocol) -> String {
    var out = "\""
    for (count, scalar) in text.unicodeScalars.enumerated() {
        guard count < 80 else { return out + "…\"" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
            out += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            if scalar == "\"" || scalar == "\\" { out += "\\" }
            out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}
