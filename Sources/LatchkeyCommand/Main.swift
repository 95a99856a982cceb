// Main.swift: where the command begins.

@main
struct Main {
    static func main() {}
}
