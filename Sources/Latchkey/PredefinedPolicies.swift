// PredefinedPolicies.swift: the managed policies that every account has from the start, under `arn:aws:iam::aws:policy/`.
import LatchkeyOTP

/// A managed policy that is shipped with the program: nobody can change or delete it.
///
/// Names and identifiers are AWS's where AWS has such a policy; the documents are our own.
struct PredefinedPolicy: Sendable {
    let id: String
    let arn: ARN
    let description: String
    let text: PolicyText
    private let document: DocumentID

    private init(_ name: String, id: String, _ description: String, _ text: String) {
        self.id = id
        arn = ARN(checked: "arn:aws:iam::aws:policy/\(name)")
        self.description = description
        self.text = PolicyText(checked: text)
        document = DocumentID(of: self.text)
    }

    static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    static let byARN = Dictionary(uniqueKeysWithValues: all.map { ($0.arn.text, $0) })

    var attached: AttachedDocument { policy.attached }

    var policy: StoredPolicy {
        // 2026-11-01T00:00:00Z
        let made = UnixTime(1_793_491_200)
        return StoredPolicy(
            id: id,
            arn: arn,
            description: description,
            created: made,
            updated: made,
            version: 1,
            document: document,
            latest: 1
        )
    }

    static let all = [
        PredefinedPolicy(
            "AdministratorAccess",
            id: "ANPAIWMBCKSKIEE64ZLYK",
            "Everything in the account.",
            """
            {
              "Version": "2012-10-17",
              "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" }
            }
            """
        ),
        PredefinedPolicy(
            "PowerUserAccess",
            id: "ANPAJYRXTHIB4FOVS3ZXS",
            "Everything but the management of identities, accounts and organisations.",
            """
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "NotAction": ["iam:*", "latchkey:*", "organizations:*", "account:*"],
                  "Resource": "*"
                },
                {
                  "Effect": "Allow",
                  "Action": ["iam:GetAccountSummary", "iam:ListAccountAliases", "iam:ListRoles"],
                  "Resource": "*"
                }
              ]
            }
            """
        ),
        PredefinedPolicy(
            "ReadOnlyAccess",
            id: "ANPAILL3HVNFSB6DCOWYQ",
            "Sees everything that the authority keeps, and changes nothing.",
            """
            {
              "Version": "2012-10-17",
              "Statement": {
                "Effect": "Allow",
                "Action": [
                  "iam:Generate*Report",
                  "iam:GenerateServiceLastAccessedDetails",
                  "iam:Get*",
                  "iam:List*",
                  "iam:Simulate*",
                  "latchkey:Count*",
                  "latchkey:Get*",
                  "latchkey:List*",
                  "sts:Get*Info",
                  "sts:GetCallerIdentity"
                ],
                "Resource": "*"
              }
            }
            """
        ),
        PredefinedPolicy(
            "IAMFullAccess",
            id: "ANPAI7XKCFMBPM3QQRRVQ",
            "Every action of IAM.",
            """
            {
              "Version": "2012-10-17",
              "Statement": { "Effect": "Allow", "Action": "iam:*", "Resource": "*" }
            }
            """
        ),
        PredefinedPolicy(
            "IAMReadOnlyAccess",
            id: "ANPAJKSO7NDY4T57MWDSQ",
            "Sees everything of IAM, and changes nothing.",
            """
            {
              "Version": "2012-10-17",
              "Statement": {
                "Effect": "Allow",
                "Action": [
                  "iam:Generate*Report",
                  "iam:GenerateServiceLastAccessedDetails",
                  "iam:Get*",
                  "iam:List*",
                  "iam:Simulate*"
                ],
                "Resource": "*"
              }
            }
            """
        ),
        PredefinedPolicy(
            "IAMUserChangePassword",
            id: "ANPAJ4L4MM2A7QIEB56MS",
            "Lets users change their own passwords.",
            """
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "iam:ChangePassword",
                  "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"]
                },
                { "Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*" }
              ]
            }
            """
        ),
        PredefinedPolicy(
            "IAMSelfManageMFADevice",
            id: "ANPALATCHKEYSELFMFA22",
            "Lets users enrol and keep their own MFA devices, and take them away after signing in with one.",
            """
            {
              "Version": "2012-10-17",
              "Statement": [
                { "Effect": "Allow", "Action": "iam:ListVirtualMFADevices", "Resource": "*" },
                { "Effect": "Allow", "Action": "iam:CreateVirtualMFADevice", "Resource": "arn:aws:iam::*:mfa/*" },
                {
                  "Effect": "Allow",
                  "Action": ["iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice"],
                  "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"]
                },
                {
                  "Effect": "Allow",
                  "Action": "iam:DeactivateMFADevice",
                  "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"],
                  "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } }
                },
                {
                  "Effect": "Allow",
                  "Action": "iam:DeleteVirtualMFADevice",
                  "Resource": ["arn:aws:iam::*:mfa/${aws:username}", "arn:aws:iam::*:mfa/*/${aws:username}"],
                  "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } }
                }
              ]
            }
            """
        ),
        PredefinedPolicy(
            "DenyAllExceptListedIfNoMFA",
            id: "ANPALATCHKEYFORCEMFA2",
            "Denies everything without a second factor but what it takes to get one.",
            """
            {
              "Version": "2012-10-17",
              "Statement": {
                "Effect": "Deny",
                "NotAction": [
                  "iam:ChangePassword",
                  "iam:CreateVirtualMFADevice",
                  "iam:EnableMFADevice",
                  "iam:GetAccountPasswordPolicy",
                  "iam:GetUser",
                  "iam:ListMFADevices",
                  "iam:ListVirtualMFADevices",
                  "iam:ResyncMFADevice",
                  "latchkey:BeginEnrollment",
                  "latchkey:ConfirmEnrollment",
                  "latchkey:ShowEnrollment",
                  "sts:GetCallerIdentity",
                  "sts:GetSessionToken"
                ],
                "Resource": "*",
                "Condition": { "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } }
              }
            }
            """
        ),
    ]
}
