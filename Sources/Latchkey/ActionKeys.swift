// ActionKeys.swift: the condition keys that come from what a call asks for: requested tags, policies, boundaries.
import LatchkeyPolicy

/// An action whose own members are asked about by policies.
protocol KeyedAction: Action {
    /// Adds the keys of the action's members, and those of the thing that it is about.
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault)
}

extension RequestKeys {
    /// The tags that a call would set.
    mutating func addRequested(_ tags: [Tag]?) {
        guard let tags else { return }
        for tag in tags { add("aws:RequestTag/\(tag.key)", tag.value) }
        set("aws:TagKeys", many: tags.map(\.key))
    }

    /// The names of tags that a call would take away.
    mutating func addRequested(keys: [TagKey]) { set("aws:TagKeys", many: keys.map(\.text)) }

    /// The boundary that the target has now: who may change its permissions can be made to depend on it.
    fileprivate mutating func addBoundary(of target: Target, _ state: borrowing State) throws(Fault) {
        guard let holder = target.holder else { return }
        add("iam:PermissionsBoundary", try state.permissions(of: holder).boundary?.arn.text)
    }
}

// MARK: Tags

/// An action that sets tags.
protocol SettingTags: KeyedAction { var requestedTags: [Tag]? { get } }

extension SettingTags {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.addRequested(requestedTags)
    }
}

extension CreateVirtualMFADevice: SettingTags { var requestedTags: [Tag]? { tags } }
extension CreatePolicy: SettingTags { var requestedTags: [Tag]? { tags } }
extension UploadServerCertificate: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagUser: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagMFADevice: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagPolicy: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagServerCertificate: SettingTags { var requestedTags: [Tag]? { tags } }

/// An action that takes tags away.
protocol RemovingTags: KeyedAction { var tagKeys: [TagKey] { get } }

extension RemovingTags {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.addRequested(keys: tagKeys)
    }
}

extension UntagUser: RemovingTags {}
extension UntagMFADevice: RemovingTags {}
extension UntagPolicy: RemovingTags {}
extension UntagServerCertificate: RemovingTags {}

// MARK: Boundaries and policies

extension CreateUser: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.addRequested(tags)
        keys.add("iam:PermissionsBoundary", permissionsBoundary?.text)
    }
}

extension PutUserPermissionsBoundary: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.add("iam:PermissionsBoundary", permissionsBoundary.text)
    }
}

/// An action that changes what its target may do.
protocol ChangingPermissions: KeyedAction { var attachedPolicy: ARN? { get } }

extension ChangingPermissions {
    var attachedPolicy: ARN? { nil }

    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.add("iam:PolicyARN", attachedPolicy?.text)
        try keys.addBoundary(of: target, state)
    }
}

extension DeleteUserPermissionsBoundary: ChangingPermissions {}
extension PutUserPolicy: ChangingPermissions {}
extension DeleteUserPolicy: ChangingPermissions {}
extension AttachUserPolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
extension DetachUserPolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
extension AttachGroupPolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
extension DetachGroupPolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
