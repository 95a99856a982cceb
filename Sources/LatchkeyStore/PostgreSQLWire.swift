// PostgreSQLWire.swift: one connection to a PostgreSQL server: what is sent, and how long an answer is waited for.

internal import CLatchkeyPQ
import Glibc

/// One connection to a server.
///
/// It belongs to one thread. Every wait has an end: a server that says nothing is given up like one that is gone.
final class PostgreSQLWire {
    private let calls: latchkey_pq
    private let handle: OpaquePointer
    /// Whether the next error is about a reading.
    var isReading = false

    /// How long an answer may take, in milliseconds; the server itself ends a usual statement after 30 seconds.
    var patience = usualPatience

    static let usualPatience = 45_000
    static let longPatience = 6 * 3_600_000

    init(_ location: PostgreSQLLocation) throws(StoreError) {
        calls = location.library.calls
        var keywords: [UnsafePointer<CChar>?] = location.settings.map { UnsafePointer(strdup($0.keyword)) }
        var values: [UnsafePointer<CChar>?] = location.settings.map { UnsafePointer(strdup($0.value)) }
        defer {
            for text in keywords { free(UnsafeMutablePointer(mutating: text)) }
            for text in values {
                // One of them may hold the password.
                if let text { explicit_bzero(UnsafeMutablePointer(mutating: text), strlen(text)) }
                free(UnsafeMutablePointer(mutating: text))
            }
        }
        keywords.append(nil)
        values.append(nil)
        guard let opened = calls.connect(keywords, values, 1) else { throw .io("out of memory") }
        guard calls.status(opened) == Int32(LATCHKEY_PQ_OK) else {
            let words = calls.error_message(opened).map { PostgreSQLResult.printable($0) } ?? "no words"
            calls.finish(opened)
            throw Self.refusal(words, location.name)
        }
        handle = opened
        latchkey_pq_be_quiet([calls], opened)
        _ = calls.set_nonblocking(opened, 1)
    }

    /// Why no connection came to be: what another try will not mend is told apart.
    ///
    /// libpq has no codes for this; its words are always English here, for nobody sets a locale.
    private static func refusal(_ words: String, _ name: String) -> StoreError {
        if words.contains("server does not support SSL") {
            return .cannotOpen("`\(name)` does not speak TLS, without which it cannot be trusted: turn `ssl` on there")
        }
        if words.contains("does not match host name") {
            return .cannotOpen(
                "the certificate of `\(name)` is for another name: call the host by the name that it has there"
            )
        }
        if words.contains("certificate verify failed") {
            return .cannotOpen(
                "the certificate of `\(name)` is not from an authority that is trusted here: name that one with `sslrootcert`"
            )
        }
        if words.contains("root certificate file") {
            return .cannotOpen(
                "nothing says which authority certifies `\(name)`: "
                    + "put its certificate into ~/.postgresql/root.crt or name it with `sslrootcert`"
            )
        }
        if words.contains("password authentication failed") || words.contains("no pg_hba.conf entry") {
            return .cannotOpen("`\(name)` does not let this user in (\(words))")
        }
        return .unreachable("`\(name)`: \(words)")
    }

    func close() { calls.finish(handle) }

    var isOpen: Bool { calls.status(handle) == Int32(LATCHKEY_PQ_OK) }

    // MARK: Statements

    /// Runs statements in the server's text protocol, in one round trip; returns the last one's answer.
    @discardableResult
    func query(_ text: String) throws(StoreError) -> PostgreSQLResult {
        guard calls.send_query(handle, text) == 1 else { throw lost() }
        return try results()
    }

    /// Runs a script that ends with a NUL.
    func query(script: UnsafePointer<CChar>) throws(StoreError) {
        guard calls.send_query(handle, script) == 1 else { throw lost() }
        _ = try results()
    }

    /// Runs one statement without parameters and returns its rows in binary.
    func rows(_ text: String) throws(StoreError) -> PostgreSQLResult {
        guard calls.send_query_params(handle, text, 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
        return try results()
    }

    /// Prepares a statement and returns its description.
    func prepare(_ name: String, _ text: UnsafePointer<CChar>) throws(StoreError) -> PostgreSQLResult {
        guard calls.send_prepare(handle, name, text, 0, nil) == 1 else { throw lost() }
        _ = try results()
        guard calls.send_describe(handle, name) == 1 else { throw lost() }
        return try results()
    }

    /// Runs a prepared statement, and before it, in the same round trip, the commands of `first`.
    func execute(
        _ name: String,
        _ parameters: PostgreSQLParameters,
        after first: [String]
    ) throws(StoreError) -> PostgreSQLResult {
        if first.isEmpty {
            guard send(name, parameters) else { throw lost() }
            return try results()
        }
        guard calls.enter_pipeline(handle) == 1 else { throw lost() }
        for command in first where calls.send_query_params(handle, command, 0, nil, nil, nil, nil, 1) != 1 {
            throw lost()
        }
        guard send(name, parameters), calls.pipeline_sync(handle) == 1 else { throw lost() }
        let result = try pipelineResults()
        guard calls.exit_pipeline(handle) == 1 else { throw lost() }
        guard result.succeeded else { throw result.error(whileReading: isReading) }
        return result
    }

    private func send(_ name: String, _ parameters: PostgreSQLParameters) -> Bool {
        parameters.withPointers { values, lengths, formats in
            calls.send_prepared(handle, name, Int32(clamping: lengths.count), values, lengths, formats, 1) == 1
        }
    }

    // MARK: Answers

    /// Waits for all answers to what was sent; the first error, else the last answer.
    private func results() throws(StoreError) -> PostgreSQLResult {
        var last: PostgreSQLResult?
        while let result = try nextResult() {
            if last?.succeeded ?? true { last = result }
        }
        guard let last else { throw lost() }
        guard last.succeeded else {
            throw isOpen ? last.error(whileReading: isReading) : lost(last)
        }
        return last
    }

    /// Waits for the answers of a pipeline up to its end.
    private func pipelineResults() throws(StoreError) -> PostgreSQLResult {
        var last: PostgreSQLResult?
        while true {
            // Nothing marks the end of one statement's answers.
            guard let result = try nextResult() else {
                guard isOpen else { throw lost(last) }
                continue
            }
            if result.isSync { break }
            if last?.succeeded ?? true, !result.wasSkipped { last = result }
        }
        guard let last else { throw lost() }
        return last
    }

    private func nextResult() throws(StoreError) -> PostgreSQLResult? {
        let start = Moment.now
        while true {
            let unsent = calls.flush(handle)
            guard unsent >= 0 else { throw lost() }
            if unsent == 0 && calls.is_busy(handle) == 0 { break }
            let left = patience - Moment.now.milliseconds(since: start)
            guard left > 0 else { throw .unreachable("the server does not answer") }
            var wait = pollfd(fd: calls.socket(handle), events: Int16(POLLIN | (unsent > 0 ? POLLOUT : 0)), revents: 0)
            guard wait.fd >= 0 else { throw lost() }
            _ = poll(&wait, 1, Int32(clamping: left))
            guard calls.consume_input(handle) == 1 else { throw lost() }
        }
        return calls.get_result(handle).map { PostgreSQLResult($0, calls) }
    }

    /// The error for a connection that is no more.
    private func lost(_ result: PostgreSQLResult? = nil) -> StoreError {
        if let result, !result.succeeded, case .unreachable(let words) = result.error(whileReading: isReading) {
            return .unreachable(words)
        }
        let words = calls.error_message(handle).map { PostgreSQLResult.printable($0) } ?? ""
        return .unreachable(words.isEmpty ? "the connection was lost" : words)
    }
}
