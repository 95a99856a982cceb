// ShapeTests.swift: what actions say about their members.
import Testing

@testable import Latchkey

@Suite("Shapes of actions")
struct ShapeTests {
    @Test("members, options, lists and constraints are read off the type")
    func members() {
        let members = CreateUser.inputShape.members
        #expect(members.map(\.name) == ["userName", "path", "permissionsBoundary", "tags"])
        #expect(members.map(\.isOptional) == [false, true, true, true])
        #expect(members.first?.shape == UserName.constrainedShape)
        guard case .list(.structure(let tag)) = members.last?.shape else {
            Issue.record("tags are a list of structures")
            return
        }
        #expect(tag.map(\.name) == ["key", "value"])
    }

    @Test("every action can be asked for what it takes and gives")
    func all() {
        func holes(_ shape: Shape) -> Bool {
            switch shape {
            case .any: true
            case .list(let item), .map(let item): holes(item)
            case .structure(let members): members.contains { holes($0.shape) }
            default: false
            }
        }
        for action in Catalog.actions {
            #expect(!holes(action.inputShape), "\(action.name) takes \(action.inputShape)")
            #expect(!holes(action.outputShape), "\(action.name) gives \(action.outputShape)")
        }
    }
}
