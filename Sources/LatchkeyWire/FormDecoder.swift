// FormDecoder.swift: an action's form in AWS's Query protocol to the action.
public import LatchkeyHTTP

/// Reads the members of an action out of a form.
///
/// Every field is read or refused, so that nothing is authorised that was not understood. Numbers are plain decimal, truth
/// values `true` and `false` in any case, moments ISO 8601, bytes Base64, an empty list is `Name=`.
public struct FormDecoder {
    /// Why a form is not what a type reads.
    public typealias Refusal = WireError

    private let form: Form
    private let ignored: Set<String>

    /// Takes a form, and the names of fields that are the protocol's own.
    public init(_ form: Form, ignoring ignored: Set<String>) {
        self.form = form
        self.ignored = ignored
    }

    /// Makes a value of a type; throws `Refusal`, or what the type itself throws.
    public func decode<A: Decodable>(_ type: A.Type) throws -> A {
        try Reading(isStrict: true).read(type, from: WireNode(form, ignoring: ignored))
    }
}
