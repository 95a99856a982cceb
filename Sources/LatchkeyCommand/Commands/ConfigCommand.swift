// ConfigCommand.swift: `latchkey config`, which shows every setting and who decided it.
internal import LatchkeyJSON

let configCommand = Command(
    path: ["config"],
    group: .house,
    summary: "prints every setting, its value and where it comes from",
    options: Setting.all.map(\.option) + [.json],
    text: [
        "A setting comes from its flag, else from its environment variable (LATCHKEY_STORE for --store), else from the "
            + "configuration file, a line `name = value` for each. The file is $XDG_CONFIG_HOME/latchkey/config, "
            + "~/.config/latchkey/config without that variable, or the one that LATCHKEY_CONFIG names."
    ],
    examples: [
        Command.Example(
            "LATCHKEY_WINDOW=2 latchkey config",
            "window          2                    environment LATCHKEY_WINDOW"
        )
    ],
    exits: [.done, .misused, .unusable].map { ($0, $0.meaning) },
    run: { call in
        var found: [(setting: Setting, text: String, source: Settings.Source)] = []
        for setting in Setting.all {
            let (text, source) = try call.settings.find(setting)
            found.append((setting, setting.shown(text), source))
        }
        if call.wantsJSON {
            let members = found.map { ($0.setting.name, json($0.text, $0.setting, $0.source)) }
            call.console.print(.object(JSON.Object(members)))
            return .done
        }
        let nameWidth = found.map { $0.setting.name.utf8.count }.max() ?? 0
        let textWidth = found.map { Shown.text($0.text).unicodeScalars.count }.max() ?? 0
        for one in found {
            let text = Shown.text(one.text)
            let name = one.setting.name + String(repeating: " ", count: nameWidth - one.setting.name.utf8.count)
            let padding = String(repeating: " ", count: textWidth - text.unicodeScalars.count)
            call.console.print("\(name)  \(text)\(padding)  \(Shown.text(one.source.text))")
        }
        return .done
    }
)

/// A setting's value and source; numbers are numbers.
private func json(_ text: String, _ setting: Setting, _ source: Settings.Source) -> JSON {
    var value = JSON.string(text)
    if case .integer = setting.option.kind, let number = Check.integer(text) { value = .number(number) }
    var object: JSON.Object = ["value": value]
    switch source {
    case .flag:
        object["source"] = "flag"
    case .environment(let variable):
        object["source"] = "environment"
        object["variable"] = .string(variable)
    case .file(let path, let line):
        object["source"] = "file"
        object["file"] = .string(path)
        object["line"] = .number(line)
    case .fallback: object["source"] = "default"
    }
    return .object(object)
}
