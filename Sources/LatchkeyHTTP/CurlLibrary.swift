// CurlLibrary.swift: the functions of libcurl, which is loaded at first use: commands that ask nobody do not pay for it.
internal import CLatchkeyCurl
internal import Glibc

/// What is called of libcurl, by address.
struct CurlLibrary: @unchecked Sendable {
    // Sendable: addresses of functions that libcurl allows on any thread, one handle on one thread at a time.
    private let initialise: @convention(c) () -> UnsafeMutableRawPointer?
    private let cleanUp: @convention(c) (UnsafeMutableRawPointer?) -> Void
    private let performTransfer: @convention(c) (UnsafeMutableRawPointer?) -> CURLcode
    private let appendToList:
        @convention(c) (UnsafeMutablePointer<curl_slist>?, UnsafePointer<CChar>?) -> UnsafeMutablePointer<curl_slist>?
    private let freeList: @convention(c) (UnsafeMutablePointer<curl_slist>?) -> Void
    private let setOption: UnsafeMutableRawPointer
    private let getInformation: UnsafeMutableRawPointer

    /// The library; nil when the system has none.
    static let shared = CurlLibrary()

    private init?() {
        guard let library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL) else { return nil }
        func function<F>(_ name: String, as type: F.Type) -> F? {
            dlsym(library, name).map { unsafeBitCast($0, to: type) }
        }
        typealias Start = @convention(c) (Int) -> CURLcode
        guard let start = function("curl_global_init", as: Start.self),
            let initialise = function("curl_easy_init", as: (@convention(c) () -> UnsafeMutableRawPointer?).self),
            let cleanUp = function("curl_easy_cleanup", as: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self),
            let perform = function(
                "curl_easy_perform",
                as: (@convention(c) (UnsafeMutableRawPointer?) -> CURLcode).self
            ),
            let append = function(
                "curl_slist_append",
                as: (@convention(c) (UnsafeMutablePointer<curl_slist>?, UnsafePointer<CChar>?) ->
                    UnsafeMutablePointer<curl_slist>?)
                    .self
            ),
            let free = function(
                "curl_slist_free_all",
                as: (@convention(c) (UnsafeMutablePointer<curl_slist>?) -> Void).self
            ),
            let setOption = dlsym(library, "curl_easy_setopt"),
            let getInformation = dlsym(library, "curl_easy_getinfo"),
            // CURL_GLOBAL_ALL; the library is started once, as this is.
            start(3) == CURLE_OK
        else { return nil }
        self.initialise = initialise
        self.cleanUp = cleanUp
        performTransfer = perform
        appendToList = append
        freeList = free
        self.setOption = setOption
        self.getInformation = getInformation
    }

    /// One transfer; used by one thread, freed when it is let go.
    final class Transfer {
        private let library: CurlLibrary
        private let handle: UnsafeMutableRawPointer
        private var list: UnsafeMutablePointer<curl_slist>?
        /// Whether every option was taken.
        private(set) var isWhole = true

        init?(_ library: CurlLibrary) {
            guard let handle = library.initialise() else { return nil }
            self.library = library
            self.handle = handle
        }

        deinit {
            library.cleanUp(handle)
            library.freeList(list)
        }

        private func note(_ code: CURLcode) { if code != CURLE_OK { isWhole = false } }

        func set(_ option: CURLoption, _ number: Int) {
            note(latchkey_curl_set_number(library.setOption, handle, option, number))
        }

        func set(_ option: CURLoption, large number: Int) {
            note(latchkey_curl_set_large(library.setOption, handle, option, curl_off_t(number)))
        }

        /// Sets a text, which libcurl copies.
        func set(_ option: CURLoption, _ text: String) {
            note(text.withCString { latchkey_curl_set_pointer(library.setOption, handle, option, $0) })
        }

        /// Copies the body; its size is set first.
        func setBody(_ body: [UInt8]) {
            set(CURLOPT_POSTFIELDSIZE_LARGE, large: body.count)
            note(
                body.withUnsafeBytes { bytes in
                    // An address even for no bytes: without one libcurl would ask for the body by a function.
                    withUnsafeBytes(of: UInt8(0)) { none in
                        latchkey_curl_set_pointer(
                            library.setOption,
                            handle,
                            CURLOPT_COPYPOSTFIELDS,
                            bytes.baseAddress ?? none.baseAddress
                        )
                    }
                }
            )
        }

        func set(_ option: CURLoption, headers: [String]) {
            for header in headers {
                guard let longer = library.appendToList(list, header) else {
                    isWhole = false
                    return
                }
                list = longer
            }
            note(latchkey_curl_set_pointer(library.setOption, handle, option, list))
        }

        /// Sets the function that takes what comes, and what it is given.
        func set(
            _ option: CURLoption,
            sink: @escaping @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int,
            _ data: CURLoption,
            _ context: UnsafeMutableRawPointer
        ) {
            note(latchkey_curl_set_sink(library.setOption, handle, option, sink))
            note(latchkey_curl_set_pointer(library.setOption, handle, data, context))
        }

        /// Has every connection asked about; the gate outlives the transfer.
        func set(_ gate: AddressGate) {
            note(latchkey_curl_set_gate(library.setOption, handle, gate.hook))
        }

        func perform() -> CURLcode { library.performTransfer(handle) }

        var status: Int {
            var status = 0
            _ = latchkey_curl_status(library.getInformation, handle, &status)
            return status
        }
    }
}
