// VectorRunner.swift: runs a vector file, or all of a directory, on this build.

/// Runs vector files.
public enum VectorRunner {
    /// Runs the file at a path, or every vector file under the directory at it.
    ///
    /// All files are read before the first case runs: one that is not a vector file is an error, never a line of the
    /// report that could be overlooked. A report whose `succeeded` is false must make its caller fail.
    ///
    /// - Parameters:
    ///   - path: A vector file or a directory of them.
    ///   - slow: Whether cases that take seconds or a GiB are run too; otherwise they are counted as skipped.
    /// - Returns: What came of every case.
    /// - Throws: `VectorError` if a path cannot be read or a file is not a vector file.
    public static func run(path: String, slow: Bool = false) throws(VectorError) -> VectorReport {
        guard try FileReader.isDirectory(path) else {
            return VectorReport(files: [run(try VectorFile.load(path), as: path, slow: slow)])
        }
        var files: [(name: String, file: VectorFile)] = []
        for name in try VectorFile.directory(path) {
            files.append((name, try VectorFile.load(path + "/" + name)))
        }
        return VectorReport(files: files.map { run($0.file, as: $0.name, slow: slow) })
    }

    /// Runs the cases of one file.
    public static func run(_ file: VectorFile, as name: String, slow: Bool = false) -> VectorReport.File {
        VectorReport.File(
            path: name,
            source: file.source,
            kind: file.kind,
            results: file.cases.map { vector in
                vector.isSlow && !slow ? VectorResult(id: vector.id, outcome: .skipped) : vector.run()
            }
        )
    }
}
