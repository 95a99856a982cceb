// RequestKeys+Values.swift: the condition keys of a request, told one by one, so that a question can be asked again later.

extension RequestKeys {
    /// Every key with its values, in the order in which they came; names are in small letters.
    public var values: [(name: String, values: [String], isMany: Bool)] {
        entries.map { entry in
            (text(entry.name), entry.values.range.map { text(extents[$0]) }, entry.isMany)
        }
    }

    private func text(_ extent: Extent) -> String { String(decoding: bytes[extent.range], as: UTF8.self) }
}
