// ProviderKeys.swift: the keys of every provider that was asked, kept for as long as they may be believed.
public import LatchkeyHTTP

/// The keys of providers, asked for once and kept.
///
/// * One request at a time goes to a provider; who comes meanwhile waits for its answer.
/// * Keys are fresh for as long as the provider says, from five minutes to a day.
/// * A key that is not among fresh ones has them asked for again, at most once a minute.
/// * A provider that failed is left alone for fifteen seconds.
/// * While a provider is down (cannot be reached, is too slow, or answers with a status from 500), its keys are good for an hour
///   after they were fresh, and no longer. One that answers with something else is not down: its keys are not believed.
public actor ProviderKeys {
    /// How a document is asked for.
    public typealias Fetch = @Sendable (_ url: String) async throws(HTTPClient.Failure) -> HTTPResponse

    /// The most bytes of a document.
    public static let largestDocument = 262_144

    static let refreshInterval: Int64 = 60
    static let failureInterval: Int64 = 15
    static let staleTime: Int64 = 3_600
    static let mostProviders = 1_000

    /// What is known of a provider.
    struct Known: Sendable {
        let metadata: ProviderMetadata
        let keys: KeySet
        let asked: Int64
        let freshUntil: Int64

        func isFresh(_ now: Int64) -> Bool { now < freshUntil && now >= asked }
        func isBearable(_ now: Int64) -> Bool { now < freshUntil + ProviderKeys.staleTime && now >= asked }
    }

    /// The last failure of a provider.
    private struct Failed {
        let error: FederationError
        let at: Int64
    }

    private let reach: WebAddress.Reach
    private let fetch: Fetch
    private var known: [String: Known] = [:]
    private var failed: [String: Failed] = [:]
    private var running: [String: Task<Result<Known, FederationError>, Never>] = [:]

    /// Keeps keys that are asked for over the network, of providers within `reach`.
    ///
    /// - Parameters:
    ///   - reach: Where providers may be.
    ///   - networks: Networks, as `10.0.0.0/8`, whose addresses are asked as well as public ones; on this machine too
    ///     within ``WebAddress/Reach/loopback``.
    ///   - caFile: The certificates, in PEM, that providers are checked against; the system's if nil.
    ///   - patience: How long a document may take.
    public init(
        reach: WebAddress.Reach = .secure,
        networks: [String] = [],
        caFile: String? = nil,
        patience: Duration = .seconds(5)
    ) {
        var limits = HTTPClient.Limits()
        limits.connectTime = min(.seconds(3), patience)
        limits.time = patience
        limits.body = Self.largestDocument
        limits.fields = 16_384
        let own = reach == .loopback ? ["127.0.0.0/8", "::1"] : []
        let client = HTTPClient(limits: limits, caFile: caFile, addresses: AddressRule(networks: networks + own))
        let fields = HTTPFields([HTTPFields.Field("accept", "application/json")])
        self.init(reach: reach) { url async throws(HTTPClient.Failure) in
            try await client.send(method: "GET", url: url, fields: fields)
        }
    }

    /// Keeps keys that `fetch` asks for.
    public init(reach: WebAddress.Reach = .secure, fetch: @escaping Fetch) {
        self.reach = reach
        self.fetch = fetch
    }

    /// What a provider says of itself, with keys among which `keyID` is if the provider has such a key at all.
    func provider(_ issuer: String, having keyID: String?, at now: Int64) async throws(FederationError) -> Known {
        guard let address = WebAddress(issuer, reach: reach) else {
            throw .providerRefused("its URL is not one that may be asked: it begins with https:// and a host's name")
        }
        let kept = known[issuer]
        if let kept, kept.isFresh(now) {
            if kept.keys.holds(keyID) || now < kept.asked + Self.refreshInterval { return kept }
        }
        if let failure = failed[issuer], now >= failure.at, now < failure.at + Self.failureInterval {
            return try instead(of: failure.error, kept, now)
        }
        switch await refreshed(address, at: now) {
        case .success(let new): return new
        case .failure(let error): return try instead(of: error, kept, now)
        }
    }

    /// What is kept, where the provider is only down and that is recent enough.
    private func instead(of error: FederationError, _ kept: Known?, _ now: Int64) throws(FederationError) -> Known {
        guard case .unreachable = error, let kept, kept.isBearable(now) else { throw error }
        return kept
    }

    /// Asks the provider, or waits for the answer to who asks already.
    private func refreshed(_ address: WebAddress, at now: Int64) async -> Result<Known, FederationError> {
        let issuer = address.text
        if let task = running[issuer] { return await task.value }
        let task = Task { [reach, fetch] in await Self.ask(address, reach, fetch, at: now) }
        running[issuer] = task
        let result = await task.value
        running[issuer] = nil
        makeRoom(at: now)
        switch result {
        case .success(let new):
            known[issuer] = new
            failed[issuer] = nil
        case .failure(let error):
            failed[issuer] = Failed(error: error, at: now)
            // A provider that is there and says something else has withdrawn what it said before.
            if case .providerRefused = error { known[issuer] = nil }
        }
        return result
    }

    private func makeRoom(at now: Int64) {
        failed = failed.filter { now < $0.value.at + Self.failureInterval }
        guard known.count >= Self.mostProviders else { return }
        known = known.filter { $0.value.isBearable(now) }
        if known.count >= Self.mostProviders, let oldest = known.min(by: { $0.value.asked < $1.value.asked }) {
            known[oldest.key] = nil
        }
    }

    // MARK: - Asking

    private static func ask(
        _ issuer: WebAddress,
        _ reach: WebAddress.Reach,
        _ fetch: Fetch,
        at now: Int64
    ) async -> Result<Known, FederationError> {
        do throws(FederationError) {
            let description = try await document(issuer.below("/.well-known/openid-configuration"), fetch)
            let metadata = try ProviderMetadata(description.body, issuer: issuer, reach: reach)
            let answer = try await document(metadata.keySetAddress.text, fetch)
            return .success(
                Known(
                    metadata: metadata,
                    keys: try KeySet(answer.body),
                    asked: now,
                    freshUntil: now + Freshness.seconds(answer.fields)
                )
            )
        } catch {
            return .failure(error)
        }
    }

    private static func document(_ url: String, _ fetch: Fetch) async throws(FederationError) -> HTTPResponse {
        let answer: HTTPResponse
        do throws(HTTPClient.Failure) {
            answer = try await fetch(url)
        } catch {
            if error.isTransient { throw .unreachable(error.description) }
            throw .providerRefused(error.description)
        }
        switch answer.status {
        case 200: break
        case 300..<400: throw .providerRefused("it redirects, which is not followed: name the issuer itself")
        case 429, 500...: throw .unreachable("it answered with status \(answer.status)")
        default: throw .providerRefused("it answered with status \(answer.status)")
        }
        guard answer.body.count <= largestDocument else {
            throw .providerRefused("its answer is larger than \(largestDocument) bytes")
        }
        return answer
    }
}
