// CallCommands.swift: `latchkey call` performs any action of the catalog, `latchkey actions` says which there are.
internal import Latchkey
internal import LatchkeyJSON

/// The commands on the catalog as a whole.
let callingCommands = [callCommand, actionsCommand, credentialsCommand]

extension Argument {
    fileprivate static let action = Argument(
        name: "ACTION",
        help: "an action such as CreateUser; `latchkey actions` lists them"
    )
}

extension Option {
    fileprivate static let input = Option.text(
        "input-json",
        "JSON",
        "all members as one JSON object; - reads it from standard input, where no process list shows it"
    )
    fileprivate static let endpoint = Option.text(
        "endpoint",
        "URL",
        "asks a server, with a request signed as AWS's clients sign"
    )
    fileprivate static let caFile = Option.file(
        "ca-file",
        "FILE",
        "the certificates that the server's is checked against"
    )
}

private let callCommand = Command(
    path: ["call"],
    group: .keeping,
    summary: "performs any action, on the store or at a server",
    usage: ["ACTION [--MEMBER VALUE]… [OPTIONS]", "ACTION --input-json JSON|- [OPTIONS]"],
    arguments: [.action],
    options: [.input, .endpoint, .caFile] + Option.keeping,
    furtherOptions: { words throws(Failure) in
        guard let action = words.first.flatMap({ Catalog.action(named: $0) }) else { return [] }
        return MemberOption.all(of: action).map(\.option)
    },
    text: [
        "A member such as userName is the option --user-name, behind the action's name; `latchkey actions ACTION` lists them. "
            + "A list is the option given several times, a structure is written Key=team,Value=blue or as JSON.",
        "Without --endpoint whoever may read the store and its master key acts as root. With it the request is signed with "
            + "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile AWS_PROFILE of the shared "
            + "credentials file.",
    ],
    examples: [Command.Example("latchkey call CreateUser --user-name bea --tags Key=team,Value=blue")],
    exits: ExitCode.keeping + [(.unreachable, ExitCode.unreachable.meaning)],
    run: { call in
        let action = try call.action()
        let members = try call.members(of: action)
        let answer: JSON
        if let endpoint = call.text(.endpoint) {
            let server = try RemoteCall(endpoint, caFile: call.text(.caFile), call.console.environment)
            answer = try server.perform(action, members)
        } else {
            answer = try call.withStore { store in try perform(action, members, store) }
        }
        call.console.print(answer.prettyText)
        return .done
    }
)

private let actionsCommand = Command(
    path: ["actions"],
    group: .keeping,
    summary: "lists the actions, or the members of one",
    arguments: [Argument(name: "ACTION", help: "an action such as CreateUser", count: .optional)],
    options: [.json],
    examples: [Command.Example("latchkey actions CreateAccessKey")],
    run: { call in
        let wanted = call.words.isEmpty ? Catalog.actions : [try call.action()]
        let actions = wanted.sorted { ($0.service.rawValue, $0.name) < ($1.service.rawValue, $1.name) }
        if call.wantsJSON {
            call.console.print(.array(actions.map(describe)))
            return .done
        }
        for action in actions {
            let members = MemberOption.all(of: action).map(\.spelling)
            if call.words.isEmpty {
                call.console.print("\(action.permission)  \(action.access.rawValue)")
            } else {
                call.console.print((["latchkey call \(action.name)"] + members).joined(separator: " "))
            }
        }
        return .done
    }
)

private func describe(_ action: any Action.Type) -> JSON {
    [
        "name": .string(action.name), "service": .string(action.service.rawValue),
        "version": .string(action.service.version), "permission": .string(action.permission),
        "access": .string(action.access.rawValue),
        "members": .array(
            action.inputShape.members.map { member in
                ["name": .string(member.name), "optional": .bool(member.isOptional)]
            }
        ),
    ]
}

private func perform<A: Action>(_ action: A.Type, _ members: JSON, _ store: OpenStore) throws -> JSON {
    let value = try decode(action, members)
    return try JSON(encoding: A.access == .open ? store.performAtDoor(value) : store.perform(value))
}

/// The action with these members; a member that is wrong is the command line's fault.
func decode<A: Action>(_ action: A.Type, _ members: JSON) throws(Failure) -> A {
    do throws(JSONError) {
        return try members.decode(A.self, refusingUnknown: true)
    } catch {
        throw .misused(error.reason == "this member is missing" ? "\(A.name) needs \(error.path)" : "\(error)")
    }
}

extension Invocation {
    /// The action that the first word names.
    fileprivate func action() throws(Failure) -> any Action.Type {
        guard let name = words.first, let action = Catalog.action(named: name) else {
            let nearest = words.first.flatMap { Suggestion.nearest(to: $0, among: Catalog.actions.map { $0.name }) }
            let hint = nearest.map { "did you mean `\($0)`?" } ?? "`latchkey actions` lists them"
            throw .misused("there is no action `\(words.first ?? "")`; \(hint)")
        }
        return action
    }

    /// The members that were given, as the action's JSON.
    fileprivate func members(of action: any Action.Type) throws -> JSON {
        let options = MemberOption.all(of: action)
        var members: [(String, JSON)] = []
        for option in options where has(option.option) {
            members.append((option.member.name, try option.value(texts(option.option))))
        }
        guard let input = text(.input) else { return .object(JSON.Object(members)) }
        guard members.isEmpty else { throw Failure.misused("`--input-json` holds all members; give no other") }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = input == "-" ? try ByteInput.all(0, atMost: 1 << 20) : Array(input.utf8)
        } catch {
            throw Failure.unusable("cannot read standard input: \(error.reason)")
        }
        do throws(JSONError) {
            return try JSON(parsing: bytes.span)
        } catch {
            throw Failure.misused("`--input-json` is no JSON: \(error)")
        }
    }
}
