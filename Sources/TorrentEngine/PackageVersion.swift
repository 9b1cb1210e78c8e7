/// The version of this package: of its Swift API, JSON schema and state format (SemVer).
public enum PackageVersion {
    /// The version of the sources that this was built from.
    public static let current = "0.1.0"
}
