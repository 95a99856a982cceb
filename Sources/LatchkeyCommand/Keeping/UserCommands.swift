// UserCommands.swift: `latchkey user`: the users of the account and their passwords.
internal import Latchkey
internal import LatchkeyJSON

extension Option {
    /// The settings that every command with a store takes.
    static let keeping: [Option] = [Setting.store.option, Setting.masterKey.option, Setting.account.option]
    fileprivate static let path = Option.text(
        "path",
        "/PATH/",
        "where the user stands in the account's tree; / if not said"
    )
    fileprivate static let withAll = Option.flag("all", "deletes the user's password and devices too")
}

extension ExitCode {
    /// The exit codes of every command with a store.
    static let keeping: [(code: ExitCode, meaning: String)] = [.done, .refused, .misused, .unusable]
        .map {
            ($0, $0.meaning)
        }
}

/// The noun `user`.
let userCommands = [userCreateCommand, userListCommand, userDeleteCommand, userPasswdCommand]

private let userCreateCommand = Command(
    path: ["user", "create"],
    group: .daily,
    summary: "makes a user, with a password if one is given",
    arguments: [Argument(name: "NAME", help: "the user's name")],
    options: [.passwordStdin, .path, .json] + Option.keeping,
    text: ["At a terminal the password is asked for; an empty one makes a user who cannot sign in yet."],
    examples: [Command.Example("latchkey user create ann", "arn:aws:iam::123456789012:user/ann")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        let path = try call.text(.path).map { text throws(Fault) in try Path(text) }
        return try call.withStore { store in
            let user = try store.perform(CreateUser(userName: name, path: path)).user
            do {
                try givePassword(call, store, name)
            } catch {
                // All or nothing: a user whose password was refused is no user yet.
                _ = try? store.perform(DeleteUser(userName: name))
                throw error
            }
            if call.wantsJSON { try call.print(user) } else { call.console.print(user.arn.text) }
            return .done
        }
    }
)

/// Gives a new user a password if there is one on standard input, or if somebody types one.
private func givePassword(_ call: Invocation, _ store: OpenStore, _ name: UserName) throws {
    if !call.has(.passwordStdin) {
        guard call.console.isInteractive, !call.wantsJSON,
            try call.console.confirm("Give \(name) a password now?", usually: true)
        else { return }
    }
    try call.newPassword(name.text, from: .passwordStdin) { password in
        try store.perform(CreateLoginProfile(userName: name, password: password))
    }
}

private let userListCommand = Command(
    path: ["user", "list"],
    group: .daily,
    summary: "lists the users",
    options: [.json] + Option.keeping,
    examples: [Command.Example("latchkey user list")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            var users: [User] = []
            var marker: Marker?
            repeat {
                let page = try store.perform(ListUsers(marker: marker, maxItems: try MaxItems(1_000)))
                users += page.users
                marker = page.marker
            } while marker != nil
            if call.wantsJSON {
                try call.print(users)
                return .done
            }
            for user in users {
                let lastUsed = user.passwordLastUsed.map { "last signed in \($0)" } ?? "never signed in"
                call.console.print("\(user.userName)  \(user.arn)  \(lastUsed)")
            }
            return .done
        }
    }
)

private let userDeleteCommand = Command(
    path: ["user", "delete"],
    group: .daily,
    summary: "deletes a user",
    arguments: [Argument(name: "NAME", help: "the user's name")],
    options: [.withAll, .json] + Option.keeping,
    text: ["A user who still has a password or a device is only deleted with --all."],
    examples: [Command.Example("latchkey user delete ann --all")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        return try call.withStore { store in
            if call.has(.withAll), !name.isRoot {
                for device in try store.perform(ListDevices(userName: name)).devices where device.state != .pending {
                    try store.perform(DeactivateMFADevice(serialNumber: device.serialNumber))
                    try store.perform(DeleteVirtualMFADevice(serialNumber: device.serialNumber))
                }
                do {
                    try store.perform(DeleteLoginProfile(userName: name))
                } catch let fault as Fault where fault.code == "NoSuchEntity" {
                    // Without a password there is none to delete; a missing user is found missing below.
                }
            }
            do {
                try store.perform(DeleteUser(userName: name))
            } catch let fault as Fault where fault.code == "DeleteConflict" {
                throw Failure.refused("\(name) still has a password or a device: delete them too with --all")
            }
            if call.wantsJSON {
                call.console.print(["deleted": .string(name.text)])
            } else {
                call.console.tick("\(name) is deleted")
            }
            return .done
        }
    }
)

private let userPasswdCommand = Command(
    path: ["user", "passwd"],
    group: .daily,
    summary: "gives a user, or root, a new password",
    arguments: [Argument(name: "NAME", help: "the user's name, or root")],
    options: [.passwordStdin, .json] + Option.keeping,
    text: ["Every session of the user ends."],
    examples: [Command.Example("latchkey user passwd ann")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        return try call.withStore { store in
            try call.newPassword(name.text, from: .passwordStdin) { password in
                do {
                    try store.perform(UpdateLoginProfile(userName: name, password: password))
                } catch let fault as Fault where fault.code == "NoSuchEntity" && fault.reason == "no_profile" {
                    try store.perform(CreateLoginProfile(userName: name, password: password))
                }
            }
            if call.wantsJSON {
                call.console.print(["changed": .string(name.text)])
            } else {
                call.console.tick("\(name) has a new password")
            }
            return .done
        }
    }
)
