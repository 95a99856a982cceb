// Catalog.swift: all actions that there are, by name.

/// The actions of the authority.
public enum Catalog {
    /// Every action, noun by noun.
    public static let actions: [any Action.Type] =
        accountActions + userActions + loginProfileActions + passwordPolicyActions + deviceActions + enrollmentActions
        + signInActions + recoveryActions + sessionActions + accessKeyActions + securityTokenActions
        + groupActions + membershipActions + userPolicyActions + groupPolicyActions + managedPolicyActions
        + policyVersionActions + policyAttachmentActions + attachedPolicyActions + permissionsBoundaryActions
        + policyTagActions + accountAliasActions + accountSummaryActions
        + simulationActions + authorizationActions + userChangeActions + deviceTagActions + hardwareDeviceActions
        + sshPublicKeyActions + signingCertificateActions
        + serverCertificateActions + serviceCredentialActions + credentialReportActions
        + roleActions + roleChangeActions + roleTagActions + rolePolicyActions + roleAttachmentActions
        + instanceProfileActions + instanceProfileRoleActions + instanceProfileTagActions + serviceLinkedRoleActions
        + roleSessionActions
        + openIDConnectProviderActions + webIdentityActions
        + trustAnchorActions + trustAnchorChangeActions + certificateActions

    /// The action of that name.
    public static func action(named name: String) -> (any Action.Type)? { actions.first { $0.name == name } }
}
