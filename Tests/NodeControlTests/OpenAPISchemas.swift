import Foundation
import Yams

/// As much of JSON Schema as Docs/openapi.yaml uses.
struct OpenAPISchemas {
    typealias Object = [String: Any]
    /// What is looked at, or says nothing about a value.
    private static let keywords: Set = [
        "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minimum",
        "maximum", "exclusiveMinimum", "minLength", "maxLength", "maxItems", "pattern", "format",
        "description",
        "default", "examples",
    ]
    let schemas: [String: Object]

    /// JSON as the schemas are read: numbers are `Int` or `Double`, and `Bool` is neither.
    static func value(_ json: some Collection<UInt8>) throws -> Any? {
        try Yams.load(yaml: String(decoding: json, as: UTF8.self))
    }

    /// What is not described, missing, or of another kind.
    func problems(_ value: Any, _ schema: Object, at place: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let found = schemas[name] else { return ["\(place): there is no schema \(name)"] }
            return problems(value, found, at: place)
        }
        var out = Set(schema.keys).subtracting(Self.keywords).map { "\(place): what is \($0)?" }
        switch (schema["type"] as? String, value) {
        case ("object", let object as Object): out += fields(of: object, schema, at: place)
        case ("array", let list as [Any]):
            guard let items = schema["items"] as? Object else { return out + ["\(place): items of what?"] }
            if list.count > schema["maxItems"] as? Int ?? .max { out.append("\(place) has \(list.count)") }
            out += list.flatMap { problems($0, items, at: "\(place)[]") }
        case ("string", let text as String): out += isRight(text, schema) ? [] : ["\(place) is \(text)"]
        case ("integer", let number as Int):
            out += isRight(Double(number), schema) ? [] : ["\(place): \(number)"]
        case ("number", let number as Int):
            out += isRight(Double(number), schema) ? [] : ["\(place): \(number)"]
        case ("number", let number as Double): out += isRight(number, schema) ? [] : ["\(place): \(number)"]
        case ("boolean", is Bool): break
        case (let type, _): out.append("\(place) is no \(type ?? "thing that has a type"): \(value)")
        }
        return out
    }

    private func fields(of object: Object, _ schema: Object, at place: String) -> [String] {
        let properties = schema["properties"] as? [String: Object] ?? [:]
        let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
        return missing.map { "\(place).\($0) is missing" }
            + object.flatMap { name, value -> [String] in
                // Described elsewhere, and open to more.
                if properties[name] == nil, schema["additionalProperties"] as? Bool == true { return [] }
                guard let known = properties[name] ?? schema["additionalProperties"] as? Object else {
                    return ["\(place).\(name) is not described"]
                }
                return problems(value, known, at: "\(place).\(name)")
            }
    }

    private func isRight(_ text: String, _ schema: Object) -> Bool {
        if let words = schema["enum"] as? [String], !words.contains(text) { return false }
        if let word = schema["const"] as? String, word != text { return false }
        let count = text.unicodeScalars.count
        guard schema["minLength"] as? Int ?? 0 <= count, count <= schema["maxLength"] as? Int ?? .max else {
            return false
        }
        if let pattern = schema["pattern"] as? String {
            guard (try? Regex(pattern).firstMatch(in: text)) != nil else { return false }
        }
        if schema["format"] as? String == "date-time" {
            return text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil
        }
        return true
    }

    private func isRight(_ number: Double, _ schema: Object) -> Bool {
        func bound(_ name: String) -> Double? {
            (schema[name] as? Int).map(Double.init) ?? schema[name] as? Double
        }
        if let same = bound("const"), number != same { return false }
        if let least = bound("minimum"), number < least { return false }
        if let below = bound("exclusiveMinimum"), number <= below { return false }
        if let most = bound("maximum"), number > most { return false }
        return true
    }
}
