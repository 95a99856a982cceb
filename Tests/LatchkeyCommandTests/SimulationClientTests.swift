// SimulationClientTests.swift: boto3 asks what policies would decide, and the next call shows that they do.
import LatchkeyTestSupport
import Testing

@Suite("Simulated policies")
struct SimulationClientTests {
    @Test("boto3 simulates users, groups, roles and given policies, and sees statements, boundaries and missing keys")
    func boto3() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret],
            with: [AWSClientTests.boto3]
        )
        #expect(output.lines.last == "done")
    }

    private static let script = """
        import json, sys
        import boto3
        from botocore.exceptions import ClientError

        endpoint, key, secret = sys.argv[1:]
        def client(service, key=key, secret=secret):
            return boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id=key,
                                aws_secret_access_key=secret)
        iam = client("iam")

        def code_of(call, **members):
            try:
                call(**members)
            except ClientError as error:
                return error.response["Error"]["Code"]

        def document(*statements):
            return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)

        allow = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
        from_home = {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*",
                     "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
        iam.create_user(UserName="ann", Path="/staff/")
        iam.create_group(GroupName="readers")
        iam.add_user_to_group(GroupName="readers", UserName="ann")
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(allow))
        iam.put_group_policy(GroupName="readers", PolicyName="home", PolicyDocument=document(from_home))
        user = "arn:aws:iam::123456789012:user/staff/ann"
        group = "arn:aws:iam::123456789012:group/readers"

        def simulate(source, action, resource, *context, **more):
            entries = [dict(ContextKeyName=n, ContextKeyValues=v if isinstance(v, list) else [v],
                            ContextKeyType=t) for n, v, t in context]
            return iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=[action], ResourceArns=[resource],
                                                 ContextEntries=entries, **more)["EvaluationResults"][0]

        own = simulate(user, "s3:GetObject", "arn:aws:s3:::b/ann/x")
        assert own["EvalDecision"] == "allowed", own
        statement = own["MatchedStatements"][0]
        assert statement["SourcePolicyType"] == "user" and "own" in statement["SourcePolicyId"], statement
        assert statement["StartPosition"] == {"Line": 4, "Column": 3}, statement
        assert own["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed"
        assert simulate(user, "s3:GetObject", "arn:aws:s3:::b/bea/x")["EvalDecision"] == "implicitDeny"

        missing = simulate(user, "s3:PutObject", "arn:aws:s3:::b/x")
        assert missing["EvalDecision"] == "implicitDeny" and missing["MissingContextValues"] == ["aws:SourceIp"], missing
        at_home = simulate(user, "s3:PutObject", "arn:aws:s3:::b/x", ("aws:SourceIp", "192.0.2.7", "ip"))
        assert at_home["EvalDecision"] == "allowed" and at_home["MatchedStatements"][0]["SourcePolicyType"] == "group"
        assert simulate(group, "s3:GetObject", "arn:aws:s3:::b/ann/x")["EvalDecision"] == "implicitDeny"

        strict = simulate(user, "s3:GetObject", "arn:aws:s3:::b/ann/x", ("aws:MultiFactorAuthPresent", "false", "boolean"),
                          PolicyInputList=[document(deny)])
        assert strict["EvalDecision"] == "explicitDeny"
        assert strict["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1", strict
        bounded = simulate(user, "s3:GetObject", "arn:aws:s3:::b/ann/x", PermissionsBoundaryPolicyInputList=[document(
            {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})])
        assert bounded["EvalDecision"] == "implicitDeny"
        assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}, bounded

        keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=user)["ContextKeyNames"]
        assert sorted(keys) == ["aws:SourceIp", "aws:username"], keys
        keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[document(deny)])["ContextKeyNames"]
        assert keys == ["aws:MultiFactorAuthPresent"], keys

        # Pages: two actions on three resources.
        pages = list(iam.get_paginator("simulate_custom_policy").paginate(
            PolicyInputList=[document({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a"})],
            ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::a", "arn:aws:s3:::b", "*"],
            PaginationConfig={"PageSize": 4}))
        results = [r for page in pages for r in page["EvaluationResults"]]
        assert [len(page["EvaluationResults"]) for page in pages] == [4, 2]
        assert [r["EvalDecision"] for r in results] == ["allowed", "implicitDeny", "implicitDeny"] * 2, results

        # A resource's policy of another account needs both sides.
        bucket = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": user},
                             "Action": "s3:*", "Resource": "*"}})
        def across(*identity):
            return iam.simulate_custom_policy(PolicyInputList=list(identity), ActionNames=["s3:GetObject"],
                ResourceArns=["arn:aws:s3:::b/k"], ResourcePolicy=bucket, CallerArn=user,
                ResourceOwner="arn:aws:iam::999999999999:root")["EvaluationResults"][0]["EvalDecision"]
        everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
        nothing = document({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})
        assert (across(everything), across(nothing)) == ("allowed", "implicitDeny")

        # A role's trust policy is asked where the role is to be taken.
        trust = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": user},
                            "Action": "sts:AssumeRole"}})
        role = iam.create_role(RoleName="ops", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        assert simulate(user, "sts:AssumeRole", role)["EvalDecision"] == "allowed"
        iam.create_user(UserName="bea")
        iam.put_user_policy(UserName="bea", PolicyName="all", PolicyDocument=everything)
        assert simulate("arn:aws:iam::123456789012:user/bea", "sts:AssumeRole", role)["EvalDecision"] == "implicitDeny"

        assert code_of(iam.simulate_principal_policy, PolicySourceArn=user + "x", ActionNames=["s3:GetObject"]) == "NoSuchEntity"
        assert code_of(iam.simulate_custom_policy, PolicyInputList=["{}"], ActionNames=["s3:GetObject"]) == "InvalidInput"
        assert code_of(iam.simulate_custom_policy, PolicyInputList=[everything], ActionNames=["nonsense"]) == "InvalidInput"
        assert code_of(iam.simulate_custom_policy, PolicyInputList=[everything], ActionNames=["s3:GetObject"],
                       ContextEntries=[dict(ContextKeyName="aws:SourceIp", ContextKeyValues=["a", "b"],
                                            ContextKeyType="ip")]) == "InvalidInput"
        print("done")
        """
}
