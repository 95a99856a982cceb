// PostgreSQLExamination.swift: what `check` looks for in a PostgreSQL database.

/// A look for damage, and for a server that does not keep what it acknowledges.
struct PostgreSQLExamination {
    let connection: PostgreSQLConnection

    init(_ connection: PostgreSQLConnection) { self.connection = connection }

    /// One sentence for each finding.
    func findings() throws(StoreError) -> [String] {
        var findings: [String] = []
        for setting in ["fsync", "full_page_writes"] {
            let value: SQLValue = try first("SELECT current_setting('\(setting)')")
            if value == .text("off") {
                findings.append("the server runs with `\(setting) = off`: a crash can lose what was acknowledged")
            }
        }
        try connection.begin(.read)
        defer { connection.rollBack() }
        try connection.allowLongWork()
        let tables = try names(
            "SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' AND \(Self.ours) ORDER BY oid"
        )
        let broken = try names(
            """
            SELECT relname FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
            WHERE NOT (indisvalid AND indisready) AND \(Self.ours)
            """
        )
        findings += broken.map { "the index `\($0)` is not valid: run REINDEX INDEX latchkey.\($0)" }
        let loose = try names(
            """
            SELECT conname FROM pg_catalog.pg_constraint
            WHERE NOT convalidated AND connamespace = 'latchkey'::regnamespace
            """
        )
        findings += loose.map { "the rule `\($0)` was never checked: run ALTER TABLE … VALIDATE CONSTRAINT \($0)" }
        findings += try openReferences()
        for table in tables {
            do throws(StoreError) {
                // Every row is read and unpacked, so that a damaged page or value is met.
                try connection.setSavepoint()
                _ = try connection.rows(text: "SELECT sum(hashtext(t::text)::bigint) FROM latchkey.\(table) t")
                try connection.releaseSavepoint()
            } catch .corrupt(let reason) {
                connection.undoSavepoint()
                findings.append("the table `\(table)`: \(reason)")
            }
        }
        return findings
    }

    /// Rows that refer to what is not there: nothing but somebody with all rights can make them.
    private func openReferences() throws(StoreError) -> [String] {
        let references = try connection.rows(
            text: """
                SELECT conrelid::regclass::text, confrelid::regclass::text,
                    string_agg(format('c.%I = p.%I', child.attname, parent.attname), ' AND '),
                    string_agg(format('c.%I IS NOT NULL', child.attname), ' AND ')
                FROM pg_catalog.pg_constraint
                CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (ours, theirs)
                JOIN pg_catalog.pg_attribute child ON child.attrelid = conrelid AND child.attnum = pair.ours
                JOIN pg_catalog.pg_attribute parent ON parent.attrelid = confrelid AND parent.attnum = pair.theirs
                WHERE contype = 'f' AND connamespace = 'latchkey'::regnamespace
                GROUP BY pg_constraint.oid, conrelid, confrelid
                """
        )
        var findings: [String] = []
        for row in 0..<references.rowCount {
            var texts: [String] = []
            for column in 0..<4 { texts.append(try String(sqlValue: references.value(row, column))) }
            let (child, parent) = (texts[0], texts[1])
            let open = try first(
                """
                SELECT count(*) FROM \(child) c
                WHERE \(texts[3]) AND NOT EXISTS (SELECT 1 FROM \(parent) p WHERE \(texts[2]))
                """
            )
            if open != .integer(0) {
                findings.append("a row of `\(child)` refers to a row of `\(parent)` that is not there")
            }
        }
        return findings
    }

    private static let ours = "relnamespace = 'latchkey'::regnamespace"

    private func first(_ sql: String) throws(StoreError) -> SQLValue { try connection.rows(text: sql).value(0, 0) }

    private func names(_ sql: String) throws(StoreError) -> [String] {
        let result = try connection.rows(text: sql)
        var names: [String] = []
        for row in 0..<result.rowCount { names.append(try String(sqlValue: result.value(row, 0))) }
        return names
    }
}
