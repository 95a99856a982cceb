// Routes.swift: every action of the catalog, found by the name that a request gives.
import Latchkey

/// The actions by name; names are unique over all services.
struct Routes: Sendable {
    private let actions: [String: any Action.Type]

    init(_ actions: [any Action.Type] = Catalog.actions) {
        self.actions = Dictionary(actions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The action of that name.
    subscript(name: String) -> (any Action.Type)? { actions[name] }

    /// The action of that name and version; fails with `InvalidAction` as AWS does.
    func find(_ name: String?, version: String?) throws(Fault) -> any Action.Type {
        guard let name else {
            throw Fault(
                code: "MissingAction",
                status: 400,
                message: "The request names no action: send one as `Action`.",
                reason: "action"
            )
        }
        guard let action = actions[name], version == nil || version == action.service.version else {
            throw Fault(
                code: "InvalidAction",
                status: 400,
                message: "Could not find operation \(name.prefix(128).escapedForDisplay) for version "
                    + "\((version ?? "NO_VERSION_SPECIFIED").prefix(32).escapedForDisplay)",
                reason: "action"
            )
        }
        return action
    }
}

extension Service {
    /// The namespace of the service's XML.
    var namespace: String {
        switch self {
        case .iam: "https://iam.amazonaws.com/doc/2010-05-08/"
        case .sts: "https://sts.amazonaws.com/doc/2011-06-15/"
        case .latchkey: "https://latchkey.invalid/doc/2026-11-01/"
        }
    }

    /// The service whose requests carry that version.
    init?(version: String) {
        guard let service = [Service.iam, .sts, .latchkey].first(where: { $0.version == version }) else { return nil }
        self = service
    }
}
