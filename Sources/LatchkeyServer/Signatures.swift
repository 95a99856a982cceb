// Signatures.swift: from a signed request to its caller: the claim is read, the key's secret is lent to the check.
import Latchkey
import LatchkeyHTTP
import LatchkeyOTP
import LatchkeyWire

extension Server {
    /// Who signed the request, for one of these services.
    func signed(_ visit: Visit, services: Set<String>) async throws(Fault) -> Proof {
        let claim: SigV4.Claim
        do throws(SigV4.Refusal) {
            claim = try SigV4.Claim(
                visit.request,
                services: services,
                regions: configuration.regions.isEmpty ? nil : configuration.regions
            )
        } catch {
            throw Fault(error)
        }
        let key = KeyClaim(
            accessKeyID: claim.keyID,
            sessionToken: claim.token,
            service: claim.scope.service,
            region: claim.scope.region
        )
        let (now, skew) = (visit.now.seconds, configuration.skew)
        let caller = try await authority.authenticate(
            key,
            at: visit.now,
            peer: visit.peer.address,
            id: visit.id
        ) { secret throws(Fault) in
            do throws(SigV4.Refusal) {
                try claim.verify(with: secret, at: now, skew: skew)
            } catch {
                throw Fault(error)
            }
        }
        return Proof(caller: caller, region: claim.scope.region)
    }
}

extension Fault {
    init(_ refusal: SigV4.Refusal) {
        self.init(code: refusal.code, status: refusal.status, message: refusal.message, reason: "signature")
    }
}
