// RoleActionKeys.swift: the condition keys that come from what a call on roles asks for, and what such a call needs besides.
import LatchkeyPolicy

extension TagRole: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagInstanceProfile: SettingTags { var requestedTags: [Tag]? { tags } }
extension CreateInstanceProfile: SettingTags { var requestedTags: [Tag]? { tags } }
extension UntagRole: RemovingTags {}
extension UntagInstanceProfile: RemovingTags {}

extension CreateRole: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.addRequested(tags)
        keys.add("iam:PermissionsBoundary", permissionsBoundary?.text)
    }
}

extension PutRolePermissionsBoundary: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.add("iam:PermissionsBoundary", permissionsBoundary.text)
    }
}

extension CreateServiceLinkedRole: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.add("iam:AWSServiceName", awsServiceName.text)
    }
}

extension AddRoleToInstanceProfile: KeyedAction {
    /// Whoever puts a role where machines take it hands it on, which takes `iam:PassRole` besides.
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.add("iam:PassedToService", "ec2.amazonaws.com")
        let account = target.arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).dropFirst(4)
            .first
        keys.add("iam:AssociatedResourceArn", account.map { "arn:aws:ec2:*:\($0):instance/*" })
    }
}

extension DeleteRolePermissionsBoundary: ChangingPermissions {}
extension PutRolePolicy: ChangingPermissions {}
extension DeleteRolePolicy: ChangingPermissions {}
extension AttachRolePolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
extension DetachRolePolicy: ChangingPermissions { var attachedPolicy: ARN? { policyArn } }
