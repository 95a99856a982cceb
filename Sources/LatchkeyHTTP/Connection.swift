// Connection.swift: one connection from its beginning to its end: reads, hands over, writes, and keeps time.
internal import CLatchkeyEvent
internal import Glibc

/// One client's connection; belongs to its loop's thread.
///
/// One request at a time is read and answered. Meanwhile no more than a little is taken from the client.
final class Connection {
    private enum Stage {
        case shakingHands, reading, answering, writing, lingering, closed
    }

    /// What the client is being waited for with.
    private enum Clock {
        case head, body, idle
    }

    let id: UInt64
    let peer: SocketPeer
    private(set) var heldBytes = 0
    private(set) lazy var place = WaitingLine.Place(self)
    private(set) lazy var placeAmongNeighbours = WaitingLine.Place(self)

    private unowned let loop: EventLoop
    private let isSecure: Bool
    /// Whether nobody but this machine can have read along.
    private let isLocal: Bool
    private let stream: ByteStream
    private let timer: OpaquePointer
    private var stage: Stage
    private var clock: Clock?
    private var reader: RequestReader
    private var hasAsked = false
    private var inputHasEnded = false
    private var isPaused = false
    /// Of the request that is being answered.
    private var method = ""
    private var bodyCount = 0
    private var closesAfterAnswer = false
    private var unsent = 0

    /// How much a client may send ahead, and how much is read at once.
    private static let (ahead, piece) = (32_768, 16_384)

    /// Takes the descriptor, which is the caller's to close only when this fails.
    init?(
        _ id: UInt64,
        _ descriptor: Int32,
        _ peer: SocketPeer,
        at socket: ListeningSocket,
        of loop: EventLoop,
        tls: TLSContext?
    ) {
        self.id = id
        self.peer = peer
        isLocal = socket.isLocal
        self.loop = loop
        isSecure = tls != nil
        reader = RequestReader(limits: loop.limits.reader)
        stage = isSecure ? .shakingHands : .reading
        guard let timer = event_new(loop.base, -1, 0, connectionIsLate, nil) else { return nil }
        guard let stream = ByteStream(descriptor, on: loop.base, tls: tls) else {
            event_free(timer)
            return nil
        }
        self.stream = stream
        self.timer = timer
    }

    /// Begins; the loop knows the connection.
    func open() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        event_assign(timer, loop.base, -1, 0, connectionIsLate, context)
        stream.tell(context, connectionCanRead, connectionHasWritten, connectionEvent)
        loop.queue(self)
        clock = .head
        arm(loop.limits.headTime)
        stream.resumeReading()
    }

    /// Ends at once; whatever is unsent is dropped.
    func close() {
        guard stage != .closed else { return }
        stage = .closed
        place.leave()
        placeAmongNeighbours.leave()
        event_free(timer)
        stream.close()
        loop.forget(self)
    }

    /// Ends unless there is a request at hand; the loop is draining.
    func closeIfIdle() {
        switch stage {
        case .shakingHands: close()
        case .reading: proceed()
        case .answering, .writing, .lingering, .closed: break
        }
    }

    // MARK: Reading

    fileprivate func canRead() {
        switch stage {
        case .reading: proceed()
        case .answering, .writing:
            if stream.unread > Self.ahead {
                isPaused = true
                stream.pauseReading()
            }
        case .lingering: stream.dropInput()
        case .shakingHands, .closed: break
        }
    }

    fileprivate func happened(_ what: Int32) {
        if what & BEV_EVENT_CONNECTED != 0 {
            guard stage == .shakingHands else { return }
            stage = .reading
            arm(loop.limits.headTime)
        } else if what & BEV_EVENT_EOF != 0 && what & BEV_EVENT_ERROR == 0 {
            inputHasEnded = true
            switch stage {
            case .reading: proceed()
            // Who has closed one direction still waits for the answer.
            case .answering, .writing: break
            case .shakingHands, .lingering, .closed: close()
            }
        } else {
            close()
        }
    }

    /// Reads until a request is whole or more bytes are needed.
    private func proceed() {
        while stage == .reading {
            switch reader.next() {
            case .request(let request, let closes): begin(request, closes: closes)
            case .awaitsContinue: stream.write(ResponseWriter.continue)
            case .refused(let refusal): refuse(refusal)
            case nil:
                if takeInput() { continue }
                if inputHasEnded || (loop.isDraining && reader.progress == .none) { return close() }
                waitForClient()
                return
            }
        }
    }

    /// Moves a piece of what has come into the reader; false when there is none.
    private func takeInput() -> Bool {
        let count = stream.read(atMost: Self.piece) { reader.feed($0) }
        noteHeldBytes()
        return count > 0
    }

    private func noteHeldBytes() {
        let now = reader.heldBytes + bodyCount
        let change = now - heldBytes
        guard change != 0 else { return }
        heldBytes = now
        if !loop.changeHeldBytes(by: change, for: self), stage == .reading { refuse(.full) }
    }

    private func waitForClient() {
        if isPaused {
            isPaused = false
            stream.resumeReading()
        }
        let now: Clock =
            switch reader.progress {
            case .body: .body
            case .head: .head
            case .none: hasAsked ? .idle : .head
            }
        // A deadline for the whole: what trickles in does not move it.
        guard now != clock else { return }
        clock = now
        switch now {
        case .head: arm(loop.limits.headTime)
        case .body: arm(loop.limits.bodyTime)
        case .idle: arm(loop.limits.idleTime)
        }
    }

    // MARK: Answering

    private func begin(_ request: HTTPRequest, closes: Bool) {
        stopWaiting()
        hasAsked = true
        stage = .answering
        method = request.method
        closesAfterAnswer = closes
        bodyCount = request.body.count
        noteHeldBytes()
        guard isSecure || isLocal || loop.proxies.contains(peer) else { return refuse(.unprotected) }
        loop.serve(request, from: loop.proxies.client(of: request, from: peer, isSecure: isSecure), for: id)
    }

    /// Sends the answer to the request at hand.
    func answer(_ response: HTTPResponse) {
        guard stage == .answering else { return }
        write(response, closes: closesAfterAnswer || response.closes || loop.isDraining)
    }

    private func refuse(_ refusal: Refusal) {
        guard stage == .reading || stage == .answering else { return }
        loop.note(refusal, from: HTTPPeer(address: peer.text, isSecure: isSecure))
        reader = RequestReader()
        write(refusal.response, closes: true)
    }

    private func write(_ response: HTTPResponse, closes: Bool) {
        stopWaiting()
        stage = .writing
        closesAfterAnswer = closes
        bodyCount = 0
        noteHeldBytes()
        stream.write(loop.writer.bytes(response, toMethod: method, closes: closes))
        method = ""
        unsent = stream.unsent
        arm(loop.limits.writeTime)
    }

    fileprivate func hasWritten() {
        guard stage == .writing, stream.unsent == 0 else { return }
        event_del(timer)
        loop.queue(self)
        if closesAfterAnswer { return linger() }
        stage = .reading
        proceed()
    }

    /// Closes our direction and reads on for a while: closed with unread bytes, TCP would take the answer back.
    private func linger() {
        if inputHasEnded { return close() }
        stage = .lingering
        stream.endWriting()
        reader = RequestReader()
        noteHeldBytes()
        stream.dropInput()
        stream.resumeReading()
        arm(loop.limits.lingerTime)
    }

    // MARK: Time

    private func stopWaiting() {
        event_del(timer)
        clock = nil
        place.leave()
        placeAmongNeighbours.leave()
    }

    private func arm(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        event_add(timer, &time)
    }

    fileprivate func isLate() {
        switch stage {
        case .reading where clock == .body: refuse(.bodyTooSlow)
        case .reading where clock == .head && reader.progress != .none: refuse(.headTooSlow)
        case .writing:
            let left = stream.unsent
            if left >= unsent { return close() }
            unsent = left
            arm(loop.limits.writeTime)
        case .shakingHands, .reading, .lingering: close()
        case .answering, .closed: break
        }
    }
}

// What libevent calls; plain functions, which no actor can claim.

private func connectionCanRead(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().canRead()
}

private func connectionHasWritten(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().hasWritten()
}

private func connectionEvent(_: OpaquePointer?, _ what: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().happened(Int32(what))
}

private func connectionIsLate(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().isLate()
}
