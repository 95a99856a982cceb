// LoginServiceTests.swift: what login services and web servers do with the built server, as the README shows it.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Login services")
struct LoginServiceTests {
    @Test(
        "sign people in, look at their sessions, have codes checked and decisions made, with curl and a real nginx",
        arguments: ["service.sh", "nginx.sh"]
    )
    func script(name: String) throws {
        let served = try Served()
        let output = try Subprocess.run(
            "/bin/bash",
            [Places.scripts.appending(path: name).path, served.endpoint, served.folder.path],
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": served.folder.path, "LC_ALL": "C.UTF-8",
                "AWS_ACCESS_KEY_ID": Served.rootKey, "AWS_SECRET_ACCESS_KEY": Served.rootSecret,
            ]
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
        #expect(served.end() == 0)
    }
}
