// EnrollmentDialogue.swift: a person's enrolment at a terminal: the code is shown, asked back, and told apart when wrong.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyOTP
internal import LatchkeyQR

/// One person, one phone, one terminal.
struct EnrollmentDialogue {
    private let call: Invocation
    private let store: OpenStore
    private let name: UserName

    init(_ call: Invocation, _ store: OpenStore, _ name: UserName) {
        self.call = call
        self.store = store
        self.name = name
    }

    /// How a round with one key ended.
    private enum Round {
        case confirmed(ConfirmEnrollment.Output)
        /// The person wants to begin again with what the app understands.
        case again(DeviceParameters)
    }

    /// Goes through the whole enrolment.
    func run(_ first: BeginEnrollment) throws -> ExitCode {
        var begin = first
        while true {
            let enrollment = try store.perform(begin).enrollment
            do {
                switch try round(enrollment) {
                case .confirmed(let output):
                    return try finish(output)
                case .again(let parameters):
                    _ = try? store.perform(DeleteVirtualMFADevice(serialNumber: enrollment.serialNumber))
                    begin.parameters = parameters
                }
            } catch {
                // Nothing counts before the code: whatever ends the round takes the pending device with it.
                _ = try? store.perform(DeleteVirtualMFADevice(serialNumber: enrollment.serialNumber))
                if error is Interrupted { call.console.hint("nothing was enrolled") }
                throw error
            }
        }
    }

    /// Shows one key and asks for its code until it is right, or void.
    private func round(_ enrollment: Enrollment) throws -> Round {
        let code = try QRCode(enrollment.uri.text)
        let files = QRFiles(call)
        try files.write(code)
        let screen = EnrollmentScreen(call: call, enrollment: enrollment, code: code)
        var message = files.isEmpty ? "" : "The picture is written."
        while true {
            let typed = try screen.ask(message)
            var confirm = ConfirmEnrollment(serialNumber: enrollment.serialNumber, code: SecretText(typed))
            if call.has(.awsDevice) {
                confirm.nextCode = SecretText(try screen.ask("Now the next code, please.", after: typed))
            }
            do {
                return .confirmed(try store.perform(confirm))
            } catch let fault as Fault where fault.code == "InvalidAuthenticationCode" {
                message = Failure(fault).sentence
                guard let devices = try? store.perform(ListDevices(userName: name)).devices,
                    devices.contains(where: { $0.serialNumber == enrollment.serialNumber })
                else { throw fault }
                if let suggestion = fault.suggestion,
                    let parameters = enrollment.parameters.applying(suggestion),
                    try agrees(message, suggestion)
                {
                    return .again(parameters)
                }
            }
        }
    }

    private func agrees(_ message: String, _ suggestion: String) throws -> Bool {
        call.console.print(message.beginningLarge)
        return try call.console.confirm("Enrol again with \(suggestion)?", usually: true)
    }

    private func finish(_ output: ConfirmEnrollment.Output) throws -> ExitCode {
        let offset = output.clockOffset
        let clock =
            offset == 0 ? "" : " The phone's clock is up to \(abs(offset)) s \(offset > 0 ? "ahead" : "behind")."
        call.console.tick("Code accepted.\(clock)")
        let device = output.device.serialNumber.text.utf8.split(separator: UInt8(ascii: "/")).last
            .flatMap { String($0) }
        call.console.tick("\(name) now needs a code to sign in.   device: \(device ?? "")")
        let count = call.int(.recoveryCodes) ?? 10
        if !output.hasRecoveryCodes, count > 0 {
            let codes = try store.perform(RenewRecoveryCodes(userName: name, count: count)).recoveryCodes
            try RecoveryGate(call: call, name: name).show(codes.map(\.text))
        }
        call.console.print("Next:  latchkey login \(name)      latchkey recovery renew \(name)")
        return .done
    }
}

extension DeviceParameters {
    /// These parameters with options of `latchkey enroll` applied; nil when they say nothing new.
    fileprivate func applying(_ options: String) -> DeviceParameters? {
        var changed = self
        var words = options.split(separator: " ").makeIterator()
        while let word = words.next() {
            switch word {
            case "--hotp": changed.kind = .hotp
            case "--algorithm":
                guard let algorithm = words.next().flatMap({ HashAlgorithm(rawValue: $0.uppercased()) }) else {
                    return nil
                }
                changed.algorithm = algorithm
            case "--digits":
                guard let digits = words.next().flatMap({ Check.integer(String($0)) }), (6...8).contains(digits) else {
                    return nil
                }
                changed.digits = Int(digits)
            case "--period":
                guard let period = words.next().flatMap({ Check.integer(String($0)) }) else { return nil }
                changed.period = period
            default: return nil
            }
        }
        return changed == self ? nil : changed
    }
}
