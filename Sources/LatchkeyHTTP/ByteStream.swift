// ByteStream.swift: the bytes of one connection, plain or under TLS, buffered by libevent.
internal import CLatchkeyEvent
internal import Glibc

/// A socket whose bytes libevent moves; used by its loop's thread only, and closed by whoever made it.
struct ByteStream {
    private let buffer: OpaquePointer
    private let isSecure: Bool

    /// Takes the descriptor, which is the caller's to close only when this fails.
    init?(_ descriptor: Int32, on base: OpaquePointer, tls: TLSContext?) {
        isSecure = tls != nil
        // Deferred: no callback runs within a call of ours.
        let options = Int32(BEV_OPT_CLOSE_ON_FREE.rawValue | BEV_OPT_DEFER_CALLBACKS.rawValue)
        var made: OpaquePointer?
        if let tls {
            guard let session = tls.connection() else { return nil }
            made = bufferevent_openssl_socket_new(base, descriptor, session, BUFFEREVENT_SSL_ACCEPTING, options)
            // Lengths and chunk ends frame our messages: who hangs up without a word cuts nothing off unnoticed.
            if let made { bufferevent_openssl_set_allow_dirty_shutdown(made, 1) }
        } else {
            made = bufferevent_socket_new(base, descriptor, options)
        }
        guard let made else { return nil }
        buffer = made
        // An answer is written whole; on Unix sockets this fails and changes nothing.
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Says what is called when bytes have come, when all are written, and when something else happens.
    func tell(
        _ context: UnsafeMutableRawPointer,
        _ canRead: bufferevent_data_cb,
        _ hasWritten: bufferevent_data_cb,
        _ happened: bufferevent_event_cb
    ) {
        bufferevent_setcb(buffer, canRead, hasWritten, happened, context)
    }

    /// Closes the socket; whatever is unsent is dropped, and nothing is called any more.
    func close() {
        bufferevent_setcb(buffer, nil, nil, nil, nil)
        bufferevent_free(buffer)
    }

    // MARK: In

    /// How many bytes have come and were not read.
    var unread: Int { evbuffer_get_length(bufferevent_get_input(buffer)) }

    func resumeReading() { bufferevent_enable(buffer, Int16(EV_READ | EV_WRITE)) }

    func pauseReading() { bufferevent_disable(buffer, Int16(EV_READ)) }

    /// Gives what has come, up to `limit` bytes, to `take`; how many there were.
    func read(atMost limit: Int, _ take: (UnsafeRawBufferPointer) -> Void) -> Int {
        withUnsafeTemporaryAllocation(byteCount: limit, alignment: 8) { piece in
            let count = bufferevent_read(buffer, piece.baseAddress, piece.count)
            if count > 0 { take(UnsafeRawBufferPointer(rebasing: piece[..<count])) }
            return count
        }
    }

    func dropInput() {
        let input = bufferevent_get_input(buffer)
        evbuffer_drain(input, evbuffer_get_length(input))
    }

    // MARK: Out

    /// How many bytes wait for the client to take them.
    var unsent: Int { evbuffer_get_length(bufferevent_get_output(buffer)) }

    func write(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { bufferevent_write(buffer, $0.baseAddress, $0.count) }
    }

    /// Tells the client that nothing more will come; it may go on sending.
    func endWriting() {
        if isSecure, let session = bufferevent_openssl_get_ssl(buffer) { TLSContext.sayGoodbye(session) }
        shutdown(bufferevent_getfd(buffer), Int32(SHUT_WR))
    }
}
