// CurlAddresses.swift: what libcurl asks before each connection of a transfer: whether a rule admits the address.
internal import CLatchkeyCurl

/// A rule, and what it has said of one transfer's addresses; used by the thread that performs the transfer only.
final class AddressGate {
    /// What libcurl is given; it lives as long as the gate.
    let hook = UnsafeMutablePointer<latchkey_curl_gate>.allocate(capacity: 1)
    private let rule: AddressRule
    private var refused = 0
    private var admitted = 0

    init(_ rule: AddressRule) {
        self.rule = rule
        hook.initialize(
            to: latchkey_curl_gate(lets: letThrough, context: Unmanaged.passUnretained(self).toOpaque())
        )
    }

    deinit { hook.deallocate() }

    /// Whether no address of the server was one to connect to.
    var isShut: Bool { refused > 0 && admitted == 0 }

    fileprivate func lets(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let address = IPAddress(wire: bytes), rule.admits(address) else {
            refused += 1
            return false
        }
        admitted += 1
        return true
    }
}

/// What libcurl calls; a plain function, which no actor can claim.
private func letThrough(
    _ context: UnsafeMutableRawPointer?,
    _ address: UnsafePointer<UInt8>?,
    _ length: Int32
) -> Bool {
    guard let context, let address else { return false }
    let gate = Unmanaged<AddressGate>.fromOpaque(context).takeUnretainedValue()
    return gate.lets(UnsafeBufferPointer(start: address, count: Int(length)))
}
