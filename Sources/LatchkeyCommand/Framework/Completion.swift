// Completion.swift: what may follow each beginning of a line, for the completions of three shells.

/// Writes a script that teaches a shell what may follow on a `latchkey` line.
struct Completion: Sendable {
    /// A shell that completions are written for.
    enum Shell: String, Sendable, CaseIterable {
        case bash, zsh, fish
    }

    /// The words that have been typed, and what may follow them.
    struct Place: Sendable {
        /// Each word with a blank before it: ` user create`.
        let prefix: String
        /// The words that may follow, each with what it means.
        var words: [(word: String, meaning: String)] = []
        var options: [Option] = [.help]
        /// Whether a file's name may follow.
        var takesFile = false

        /// The options that have a value.
        var valued: [Option] { options.filter { $0.kind != .flag } }
    }

    /// Every place of a line, the empty one first.
    let places: [Place]

    init(_ table: CommandTable) {
        var places: [Place] = []
        for path in [[]] + table.nouns + table.commands.filter({ !$0.isHidden }).map(\.path) {
            var place = Place(prefix: path.map { " \($0)" }.joined())
            place.words = table.words(after: path).map { ($0.word, $0.summary) }
            if path.isEmpty { place.options.append(.flag("version", "prints the version")) }
            if case .command(let command) = table.place(at: path) {
                place.options = command.shownOptions
                place.takesFile = command.arguments.contains { $0.kind == .file }
                if case .choice(let words) = command.arguments.first?.kind { place.words += words.map { ($0, "") } }
                if path == ["help"] { place.words = table.words(after: []).map { ($0.word, $0.summary) } }
            }
            places.append(place)
        }
        for noun in table.nouns {
            let words = table.words(after: noun).map { (word: $0.word, meaning: $0.summary) }
            places.append(Place(prefix: " help" + noun.map { " \($0)" }.joined(), words: words))
        }
        self.places = places
    }

    /// The script for a shell.
    func script(for shell: Shell) -> String {
        let lines =
            switch shell {
            case .bash: bash
            case .zsh: zsh
            case .fish: fish
            }
        return lines.joined(separator: "\n")
    }

    /// The places that words lead to, each between single quotes.
    private func patterns(_ separator: String) -> String {
        places.dropFirst().map { "'\($0.prefix)'" }.joined(separator: separator)
    }

    private func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

// MARK: bash

extension Completion {
    private var bash: [String] {
        var lines = [
            "# bash completion for latchkey; made by `latchkey completion bash`.",
            "_latchkey() {",
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} place='' i",
            "    # bash breaks `--name=value` into three words.",
            "    if [[ $cur == = ]]; then cur=''",
            "    elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi",
            "    for ((i = 1; i < COMP_CWORD; i++)); do",
            "        case \"$place ${COMP_WORDS[i]}\" in",
            "            \(patterns("|"))) place=\"$place ${COMP_WORDS[i]}\" ;;",
            "        esac",
            "    done",
            "    COMPREPLY=()",
            "    case \"$place|$prev\" in",
        ]
        for place in places {
            for option in place.valued {
                lines.append("        '\(place.prefix)|--\(option.name)') \(bashReply(to: option)); return ;;")
            }
        }
        lines += ["    esac", "    case \"$place\" in"]
        for place in places {
            lines += [
                "        '\(place.prefix)')",
                "            if [[ $cur == -* ]]; then \(bashReply(place.options.map { "--\($0.name)" }))",
                "            else \(place.takesFile ? Completion.bashFiles : bashReply(place.words.map(\.word))); fi ;;",
            ]
        }
        return lines + ["    esac", "}", "complete -F _latchkey latchkey", ""]
    }

    private static let bashFiles =
        "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"

    private func bashReply(to option: Option) -> String {
        switch option.kind {
        case .choice(let words): bashReply(words)
        case .file: Completion.bashFiles
        default: ":"
        }
    }

    private func bashReply(_ words: [String]) -> String {
        if words.isEmpty { return ":" }
        return "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(separator: " "))' -- \"$cur\")"
    }
}

// MARK: zsh

extension Completion {
    private var zsh: [String] {
        var lines = [
            "#compdef latchkey",
            "# zsh completion for latchkey; made by `latchkey completion zsh`.",
            "_latchkey() {",
            "    local place='' option=${words[CURRENT-1]} i",
            "    local -a choices",
            "    for ((i = 2; i < CURRENT; i++)); do",
            "        case \"$place ${words[i]}\" in",
            "            (\(patterns("|"))) place=\"$place ${words[i]}\" ;;",
            "        esac",
            "    done",
            "    if [[ $PREFIX == --*=* ]]; then",
            "        option=${PREFIX%%=*}",
            "        compset -P '*='",
            "    fi",
            "    case \"$place|$option\" in",
        ]
        for place in places {
            for option in place.valued {
                lines.append("        ('\(place.prefix)|--\(option.name)') \(zshReply(to: option)); return ;;")
            }
        }
        lines += ["    esac", "    case \"$place\" in"]
        for place in places {
            lines += ["        ('\(place.prefix)')", "            if [[ $PREFIX == -* ]]; then"]
            lines.append("                choices=(\(zshChoices(place.options.map { ("--\($0.name)", $0.help) })))")
            lines += ["                _describe -o option choices", "            else"]
            lines.append("                choices=(\(zshChoices(place.words)))")
            lines.append("                _describe word choices\(place.takesFile ? "; _files" : "")")
            lines += ["            fi ;;"]
        }
        return lines + [
            "    esac",
            "}",
            "if [[ ${funcstack[1]} == _latchkey ]]; then _latchkey \"$@\"; else compdef _latchkey latchkey; fi",
            "",
        ]
    }

    private func zshReply(to option: Option) -> String {
        switch option.kind {
        case .choice(let words): "choices=(\(words.map(quoted).joined(separator: " "))); compadd -a choices"
        case .file: "_files"
        default: "_message \(quoted(option.help))"
        }
    }

    private func zshChoices(_ choices: [(String, String)]) -> String {
        choices.map { quoted($0.1.isEmpty ? $0.0 : "\($0.0):\($0.1)") }.joined(separator: " ")
    }
}

// MARK: fish

extension Completion {
    private var fish: [String] {
        var lines = [
            "# fish completion for latchkey; made by `latchkey completion fish`.",
            "function __latchkey_at",
            "    set -l place ''",
            "    for word in (commandline -opc)[2..-1]",
            "        switch \"$place $word\"",
            "            case \(patterns(" "))",
            "                set place \"$place $word\"",
            "        end",
            "    end",
            "    test \"$place\" = \"$argv[1]\"",
            "end",
            "complete -c latchkey -f",
        ]
        for place in places {
            let here = "complete -c latchkey -n \"__latchkey_at '\(place.prefix)'\""
            for word in place.words {
                lines.append("\(here) -a \(fishQuoted(word.word)) -d \(fishQuoted(word.meaning))")
            }
            if place.takesFile { lines.append("\(here) -F") }
            for option in place.options {
                let value =
                    switch option.kind {
                    case .flag: ""
                    case .choice(let words): " -x -a \(fishQuoted(words.joined(separator: " ")))"
                    case .file: " -r -F"
                    default: " -x"
                    }
                lines.append("\(here) -l \(option.name)\(value) -d \(fishQuoted(option.help))")
            }
        }
        return lines + [""]
    }

    private func fishQuoted(_ text: String) -> String {
        var quoted = ""
        for scalar in text.unicodeScalars {
            if scalar == "'" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return "'\(quoted)'"
    }
}
