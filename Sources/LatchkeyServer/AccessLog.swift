// AccessLog.swift: one line a request: who, what, from where, how it ended; never a secret, a query or a body.
import Latchkey
import LatchkeyHTTP
public import LatchkeyJSON
import LatchkeyOTP

/// What the log tells of one request.
public struct AccessLogLine: Sendable {
    /// The members in order; text from outside is escaped by the JSON writer.
    public let json: JSON
    /// Whether the server failed, for the journal's priorities.
    public let isFailure: Bool

    init(_ visit: Visit, _ outcome: Outcome, seconds: Double) {
        var members: [(String, JSON)] = [
            ("time", .string(visit.now.description)),
            ("request", .string(visit.id)),
            ("peer", .string(visit.peer.address)),
            ("tls", .bool(visit.peer.isSecure)),
            ("method", .string(String(visit.request.method.prefix(16)))),
        ]
        if let action = outcome.action {
            members.append(("action", .string(action)))
        } else {
            // Only the path: a query may hold a signature.
            members.append(("path", .string(String(visit.request.path.prefix(128)))))
        }
        if let caller = outcome.caller { members.append(("caller", .string(caller))) }
        members.append(("status", .number(outcome.response.status)))
        if let fault = outcome.fault {
            members.append(("error", .string(fault.code)))
            if let reason = fault.reason { members.append(("reason", .string(reason))) }
            // Whoever calls is told no more than that it failed; whoever runs the server must know why.
            if fault.isInternal { members.append(("message", .string(fault.message))) }
        }
        members.append(("microseconds", .number(Int64(min(seconds * 1e6, 1e15)))))
        json = .object(JSON.Object(members))
        isFailure = outcome.response.status >= 500
    }

    init(refusal: String, status: Int, peer: HTTPPeer, at now: UnixTime) {
        json = [
            "time": .string(now.description),
            "peer": .string(peer.address),
            "status": .number(status),
            "error": "malformed",
            "reason": .string(refusal),
        ]
        isFailure = false
    }
}
