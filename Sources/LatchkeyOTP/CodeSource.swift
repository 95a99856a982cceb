// CodeSource.swift: how a typed code is sought among the codes of a range of steps.

/// A key that has a code for every number of a counter.
protocol CodeSource: ~Copyable {
    /// The code of `counter`, as a number.
    borrowing func value(at counter: UInt64) -> UInt32

    /// Whether `code` is written as the codes of this key are: right alphabet, right number of digits.
    borrowing func writes(_ code: OneTimeCode) -> Bool
}

extension CodeSource where Self: ~Copyable {
    /// The greatest counter in `range` whose code is `code`, among those above `spent`.
    ///
    /// The greatest, so that the same text, should two near steps share it, is not good a second time. Every counter of
    /// the range is computed and compared, spent ones as well, without a branch on the outcome: the time tells
    /// how long the range is and nothing else.
    @inline(__always)
    borrowing func latest(_ code: OneTimeCode, in range: ClosedRange<UInt64>, above spent: UInt64?) -> UInt64? {
        guard writes(code) else { return nil }
        var found: UInt64 = 0
        var matched: UInt64 = 0
        var counter = range.lowerBound
        while true {
            let hit = ones(equal(UInt64(value(at: counter)), code.value) & isAbove(counter, spent))
            found = (found & ~hit) | (counter & hit)
            matched |= hit
            if counter == range.upperBound { break }
            counter += 1
        }
        return matched == 0 ? nil : found
    }

    /// The least counter in `range` whose code is `code`; in constant time as ``latest(_:in:above:)``.
    ///
    /// The least, because a counter moved too far locks its owner out.
    @inline(__always)
    borrowing func earliest(_ code: OneTimeCode, in range: ClosedRange<UInt64>) -> UInt64? {
        guard writes(code) else { return nil }
        var found: UInt64 = 0
        var matched: UInt64 = 0
        var counter = range.lowerBound
        while true {
            let hit = ones(equal(UInt64(value(at: counter)), code.value))
            found = (found & ~(hit & ~matched)) | (counter & hit & ~matched)
            matched |= hit
            if counter == range.upperBound { break }
            counter += 1
        }
        return matched == 0 ? nil : found
    }

    /// The second counter of two neighbours in `range`, both above `spent`, whose codes are `first` and `second`.
    ///
    /// The greatest such pair if `last`, else the least; in constant time as ``latest(_:in:above:)``.
    @inline(__always)
    borrowing func pair(
        _ first: OneTimeCode,
        _ second: OneTimeCode,
        in range: ClosedRange<UInt64>,
        above spent: UInt64?,
        last: Bool
    ) -> UInt64? {
        guard writes(first), writes(second), range.lowerBound < range.upperBound else { return nil }
        let isFrozen: UInt64 = last ? 0 : .max
        var found: UInt64 = 0
        var matched: UInt64 = 0
        var counter = range.lowerBound
        var before = equal(UInt64(value(at: counter)), first.value) & isAbove(counter, spent)
        while counter < range.upperBound {
            counter += 1
            let present = UInt64(value(at: counter))
            let hit = ones(before & equal(present, second.value))
            let writable = hit & ~(matched & isFrozen)
            found = (found & ~writable) | (counter & writable)
            matched |= hit
            before = equal(present, first.value) & isAbove(counter, spent)
        }
        return matched == 0 ? nil : found
    }
}

/// Counters from `distance` before `centre` to `distance` after it, as far as there are any.
func neighbours(of centre: UInt64, within distance: UInt64) -> ClosedRange<UInt64> {
    let (low, isBelow) = centre.subtractingReportingOverflow(distance)
    let (high, isBeyond) = centre.addingReportingOverflow(distance)
    return (isBelow ? 0 : low)...(isBeyond ? .max : high)
}

/// 1 if the numbers are equal, else 0, without a branch.
@inline(__always)
private func equal(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let difference = a ^ b
    return 1 ^ ((difference | (0 &- difference)) >> 63)
}

/// 1 if `counter` lies above `spent` or there is no such, else 0; neither is secret.
@inline(__always)
private func isAbove(_ counter: UInt64, _ spent: UInt64?) -> UInt64 {
    guard let spent else { return 1 }
    return counter > spent ? 1 : 0
}

/// All ones for 1, all zeros for 0.
@inline(__always)
private func ones(_ bit: UInt64) -> UInt64 { 0 &- bit }
