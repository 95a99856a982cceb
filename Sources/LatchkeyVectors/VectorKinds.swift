// VectorKinds.swift: every kind of vector that this build can run.

let vectorKinds: [any VectorKind.Type] = []
