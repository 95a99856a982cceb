// ManPage.swift: the man page, made from the table of commands.

/// The man page of `latchkey` in troff's man macros.
struct ManPage: Sendable {
    let table: CommandTable

    /// The whole page.
    var text: String {
        var lines = [
            ".\\\" Made by `latchkey help --man`; changes belong into the program.",
            ".TH LATCHKEY 1 \"\(Version.date)\" \"latchkey \(Version.text)\" \"User commands\"",
            ".SH NAME",
            "latchkey \\- one\\-time codes, and the authority around them",
            ".SH SYNOPSIS",
            ".B latchkey",
            ".I command",
            "[\\fIwords\\fR] [\\fIoptions\\fR]",
            ".SH DESCRIPTION",
            "One binary is the authenticator, the administrator's tool and the test runner.",
            "Options are written \\fB\\-\\-name\\fR \\fIvalue\\fR or \\fB\\-\\-name=\\fR\\fIvalue\\fR;",
            "\\fB\\-\\-\\fR ends them, and a lone \\fB\\-\\fR is standard input.",
            "Every command knows \\fB\\-\\-help\\fR.",
            "A secret never needs to stand on the command line.",
        ]
        for group in Command.Group.allCases {
            let commands = table.commands.filter { $0.group == group && !$0.isHidden }
            if commands.isEmpty { continue }
            lines.append(".SH \(ManPage.escape(group.rawValue.uppercased()))")
            for command in commands { lines += section(command) }
        }
        lines += settings + files
        lines.append(".SH EXIT STATUS")
        for code in ExitCode.allCases { lines += [".TP", ".B \(code.rawValue)", ManPage.escape(code.meaning)] }
        lines += [".SH SEE ALSO", ".BR oathtool (1)", ""]
        return lines.joined(separator: "\n")
    }

    private func section(_ command: Command) -> [String] {
        var lines = [".SS \(ManPage.escape(command.name))", ManPage.escape(ManPage.sentence(command.summary))]
        for (place, usage) in command.usageLines.enumerated() {
            lines += [place == 0 ? ".PP" : ".br", "\\fB\(ManPage.escape(usage))\\fR"]
        }
        for paragraph in command.text { lines += [".PP", ManPage.escape(paragraph)] }
        for argument in command.arguments {
            lines += [".TP", ".I \(ManPage.escape(argument.name))", ManPage.escape(argument.help)]
        }
        for option in command.options where !option.isHidden {
            let value = option.value.isEmpty ? "" : " \\fI\(ManPage.escape(option.value))\\fR"
            lines += [".TP", "\\fB\\-\\-\(ManPage.escape(option.name))\\fR\(value)"]
            lines.append(ManPage.escape(option.helpWithRange))
        }
        for example in command.examples {
            lines += [".PP", ".RS", ".nf", ManPage.escape("$ \(example.line)")]
            lines += example.output.map(ManPage.escape)
            lines += [".fi", ".RE"]
        }
        return lines
    }

    private var settings: [String] {
        var lines = [
            ".SH SETTINGS",
            "A setting comes from its flag, else from its environment variable, else from the configuration file, a",
            "line \\fIname\\fR = \\fIvalue\\fR for each; \\fBlatchkey config\\fR shows which.",
        ]
        for setting in Setting.all {
            lines += [
                ".TP", "\\fB\(ManPage.escape(setting.name))\\fR, \\fB\(ManPage.escape(setting.variable))\\fR",
                ManPage.escape(setting.option.helpWithRange),
            ]
        }
        return lines
    }

    private var files: [String] {
        [
            ".SH FILES",
            ".TP", ".I $XDG_CONFIG_HOME/latchkey/config",
            "the configuration file, unless \\fBLATCHKEY_CONFIG\\fR names another;",
            "\\fI~/.config\\fR stands in for an unset variable",
            ".TP", ".I $XDG_CONFIG_HOME/latchkey/master.key", "the master key",
            ".TP", ".I $XDG_DATA_HOME/latchkey/store.sqlite", "the store; \\fI~/.local/share\\fR stands in",
        ]
    }

    private static func sentence(_ summary: String) -> String {
        summary.prefix(1).uppercased() + summary.dropFirst() + "."
    }

    /// Text that troff prints as it is.
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "`": escaped += "\\(ga"
            case "'": escaped += "\\(aq"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            default:
                if scalar.isASCII { escaped.unicodeScalars.append(scalar) } else { escaped += "\\[u\(hex(scalar))]" }
            }
        }
        // A line that begins with a dot or an apostrophe would be a request.
        return escaped.utf8.first == UInt8(ascii: ".") ? "\\&" + escaped : escaped
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
