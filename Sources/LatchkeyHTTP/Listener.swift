// Listener.swift: a listening socket that a loop watches for connections.
internal import CLatchkeyEvent
internal import Glibc

/// A listening socket that is watched; no longer when it is let go.
final class Listener {
    private let socket: ListeningSocket
    private unowned let loop: EventLoop
    private var listener: OpaquePointer?
    private var rest: OpaquePointer?

    init?(_ socket: ListeningSocket, for loop: EventLoop) {
        self.socket = socket
        self.loop = loop
        let context = Unmanaged.passUnretained(self).toOpaque()
        // Backlog 0: the socket listens already.
        let flags = LEV_OPT_CLOSE_ON_EXEC
        listener = evconnlistener_new(loop.base, connectionCame, context, UInt32(flags), 0, socket.descriptor)
        rest = event_new(loop.base, -1, 0, listenerHasRested, context)
        guard let listener, rest != nil else { return nil }
        evconnlistener_set_error_cb(listener, acceptFailed)
    }

    deinit {
        if let listener { evconnlistener_free(listener) }
        if let rest { event_free(rest) }
    }

    fileprivate func accept(_ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>?) {
        var peer = SocketPeer.unix
        if !socket.isUnix, let address {
            if Int32(address.pointee.sa_family) == AF_INET {
                let name = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
                peer = .address(IPAddress(name.sin_addr))
            } else {
                let name = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
                peer = .address(IPAddress(name.sin6_addr))
            }
        }
        loop.accept(descriptor, from: peer, at: socket)
    }

    /// Out of descriptors: the socket stays readable, so asking again at once would only burn.
    fileprivate func pause() {
        guard let listener, let rest else { return }
        evconnlistener_disable(listener)
        var time = timeval(tv_sec: 0, tv_usec: 100_000)
        event_add(rest, &time)
    }

    fileprivate func resume() {
        if let listener { evconnlistener_enable(listener) }
    }
}

// What libevent calls; plain functions, which no actor can claim.

private func connectionCame(
    _: OpaquePointer?,
    _ descriptor: Int32,
    _ address: UnsafeMutablePointer<sockaddr>?,
    _: Int32,
    _ context: UnsafeMutableRawPointer?
) {
    guard let context else { return }
    Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().accept(descriptor, address)
}

private func acceptFailed(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().pause()
}

private func listenerHasRested(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().resume()
}
