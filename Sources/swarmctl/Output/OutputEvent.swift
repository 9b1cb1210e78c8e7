/// An object of the JSON contract.
protocol OutputEvent: Encodable, Sendable {
    /// The value of its `event` field.
    static var event: EventName { get }
}

/// An event as it is written: with `schemaVersion` and `event`.
struct OutputLine<Event: OutputEvent>: Encodable {
    /// Fields are only ever added within a version.
    static var schemaVersion: Int { 1 }

    private enum Key: String, CodingKey {
        case schemaVersion, event
    }

    let event: Event

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Self.schemaVersion, forKey: .schemaVersion)
        try container.encode(Event.event, forKey: .event)
        try event.encode(to: encoder)
    }
}

/// A value that is written as `null`, rather than left out, where there is none.
@propertyWrapper
struct OrNull<Value: Encodable & Sendable>: Encodable, Sendable {
    var wrappedValue: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue {
            try container.encode(wrappedValue)
        } else {
            try container.encodeNil()
        }
    }
}
