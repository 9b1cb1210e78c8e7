/// The form of what the control API takes and gives.
public enum ControlSchema {
    /// The version, in every answer. Another number is another meaning; a field that is added keeps it.
    public static let version = 1
}
