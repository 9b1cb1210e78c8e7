extension Metainfo {
    /// The pieces that a file has bytes in; none for an empty one.
    package func pieces(of file: File) -> Range<Int> {
        guard file.sizeBytes > 0 else { return 0..<0 }
        let length = UInt64(pieceLengthBytes)
        return Int(file.offsetBytes / length)..<Int((file.offsetBytes + file.sizeBytes - 1) / length) + 1
    }
}
