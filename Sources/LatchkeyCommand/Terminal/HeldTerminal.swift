// HeldTerminal.swift: a terminal taken out of its usual mode, and put back whatever happens.
internal import CLatchkeySystem
internal import Glibc
internal import Synchronization

/// A terminal that does not echo, or gives single keys, for as long as this value lives.
///
/// Only one may live at a time. Ctrl-C, a hang-up or a request to end does not kill the process at once: the next `byte(by:)`
/// throws `Interrupted`, the value's end puts the terminal back, and `Main` then ends the process by that same signal. A second
/// signal does not wait for that.
struct HeldTerminal: ~Copyable {
    /// What is different while the terminal is held.
    enum Mode: Sendable {
        /// Lines as usual, but what is typed does not show.
        case hidden
        /// Lines as usual, shown; only signals wait.
        case lines
        /// Every key at once, unshown; Ctrl-C is a key.
        case keys
    }

    private let descriptor: Int32

    /// What a screen of its own is entered and left with.
    struct Screen: Sendable {
        let descriptor: Int32

        /// The other screen, empty, without a cursor.
        static let enter = "\u{1B}[?1049h\u{1B}[H\u{1B}[2J\u{1B}[?25l"
        /// Wiped before it is left: some terminals show it again.
        static let leave = "\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l"
    }

    /// Takes the terminal at `descriptor`; `screen` names the terminal that shows another screen meanwhile.
    init(_ descriptor: Int32, _ mode: Mode, screen: Screen? = nil) throws(Failure) {
        var usual = termios()
        guard tcgetattr(descriptor, &usual) == 0 else {
            throw .unusable("the terminal does not answer: \(FileError.reason(errno)); give the values as options")
        }
        Held.take(descriptor, usual, screen?.descriptor ?? -1)
        var held = usual
        switch mode {
        case .lines: break
        case .hidden: held.c_lflag &= ~tcflag_t(ECHO | ECHOE | ECHOK | ECHONL)
        case .keys:
            held.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
            held.c_iflag &= ~tcflag_t(IXON)
            withUnsafeMutableBytes(of: &held.c_cc) { keys in
                keys[Int(VMIN)] = 1
                keys[Int(VTIME)] = 0
            }
        }
        // What was typed before a hidden prompt is not meant for it.
        if tcsetattr(descriptor, mode == .hidden ? TCSAFLUSH : TCSADRAIN, &held) != 0 {
            let number = errno
            Held.restore()
            Held.release()
            throw .unusable("the terminal cannot be set: \(FileError.reason(number)); give the values as options")
        }
        if let screen { Console.write(Array(Screen.enter.utf8), to: screen.descriptor) }
        self.descriptor = descriptor
    }

    deinit {
        Held.restore()
        Held.release()
    }

    /// Reads one byte, or waits in vain.
    ///
    /// - Parameter milliseconds: How long to wait; -1 is for ever.
    /// - Returns: The byte; nil when the time is over, or the window changed its size.
    /// - Throws: `Interrupted` on a signal, `Failure` when the terminal is gone.
    borrowing func byte(within milliseconds: Int32 = -1) throws -> UInt8? {
        if let signal = Held.signal { throw Interrupted(signal: signal) }
        var ready = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: Held.alarm, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&ready, nfds_t(ready.count), milliseconds)
        if let signal = Held.signal { throw Interrupted(signal: signal) }
        if count <= 0 { return nil }
        var byte: UInt8 = 0
        let got = Glibc.read(descriptor, &byte, 1)
        if let signal = Held.signal { throw Interrupted(signal: signal) }
        if got == 1 { return byte }
        if got < 0, errno == EINTR || errno == EAGAIN { return nil }
        throw Failure.refused("the input ended before the answer; nothing more was done")
    }
}

/// What the signal handler needs, at fixed places: it may neither allocate nor lock.
private enum Held {
    /// The signal that arrived, or 0.
    private static let arrived = Atomic<Int32>(0)
    private static let isHeld = Atomic<Bool>(false)
    private static let terminal = Atomic<Int32>(-1)
    private static let screen = Atomic<Int32>(-1)
    /// The writing and reading ends of the pipe that wakes `poll`.
    private static let bell = Atomic<Int32>(-1)
    private static let ear = Atomic<Int32>(-1)
    // Both are set before the handler can run, and never freed. Only the holder writes, while `isHeld` is false.
    nonisolated(unsafe) private static let usual = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    nonisolated(unsafe) private static let leave: UnsafeMutableBufferPointer<UInt8> = {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: HeldTerminal.Screen.leave.utf8.count)
        _ = bytes.initialize(from: HeldTerminal.Screen.leave.utf8)
        return bytes
    }()

    static var alarm: Int32 { ear.load(ordering: .relaxed) }
    static var signal: Int32? {
        let number = arrived.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    static func take(_ descriptor: Int32, _ attributes: termios, _ screenDescriptor: Int32) {
        precondition(!isHeld.load(ordering: .relaxed), "the terminal is held already")
        if alarm < 0 {
            var ends: [Int32] = [-1, -1]
            if latchkey_pipe(&ends) == 0 {
                ear.store(ends[0], ordering: .relaxed)
                bell.store(ends[1], ordering: .relaxed)
            }
        }
        _ = leave.count
        usual.initialize(to: attributes)
        terminal.store(descriptor, ordering: .relaxed)
        screen.store(screenDescriptor, ordering: .relaxed)
        isHeld.store(true, ordering: .releasing)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where latchkey_ignores_signal(number) == 0 {
            _ = latchkey_on_signal(number, noteSignal)
        }
    }

    /// Puts the terminal back; safe inside a signal handler.
    static func restore() {
        guard isHeld.exchange(false, ordering: .acquiringAndReleasing) else { return }
        let shown = screen.load(ordering: .relaxed)
        if shown >= 0 { _ = Glibc.write(shown, leave.baseAddress, leave.count) }
        _ = tcsetattr(terminal.load(ordering: .relaxed), TCSADRAIN, usual)
    }

    static func release() {
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where latchkey_ignores_signal(number) == 0 {
            _ = latchkey_on_signal(number, nil)
        }
    }

    /// Notes a signal, or obeys it when one was noted before.
    static func note(_ number: Int32) {
        if arrived.exchange(number, ordering: .acquiringAndReleasing) != 0 {
            restore()
            _ = latchkey_on_signal(number, nil)
            _ = raise(number)
            return
        }
        var one: UInt8 = 1
        _ = Glibc.write(bell.load(ordering: .relaxed), &one, 1)
    }
}

/// Called by the system on whatever thread it likes.
private func noteSignal(_ number: Int32) {
    let saved = errno
    Held.note(number)
    errno = saved
}
