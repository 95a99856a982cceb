// RoleClientTests.swift: boto3 takes roles by its profiles, with a code where the role asks for one.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Roles in AWS's own clients")
struct RoleClientTests {
    @Test(
        "the AWS CLI takes a role with a code typed at its own prompt, and sessions end with trust, key, role and user",
        arguments: ["1", "2"]
    )
    func commandLine(version: String) throws {
        let served = try Served()
        var program = "/usr/bin/aws"
        if version == "1" {
            let python = try PythonEnvironment.interpreter(with: [AWSClientTests.awscli])
            program = python.replacing("/bin/python", with: "/bin/aws")
        }
        #expect(try Subprocess.run(program, ["--version"]).stdout.hasPrefix("aws-cli/\(version)."))
        let clients = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1", "LC_ALL": "C.UTF-8", "AWS_ACCESS_KEY_ID": Served.rootKey,
            "AWS_SECRET_ACCESS_KEY": Served.rootSecret,
        ]
        let output = try Subprocess.run(
            "/bin/bash",
            [Places.scripts.appending(path: "roles.sh").path, program, served.endpoint, Places.binary.path],
            environment: served.environment.merging(clients) { $1 },
            timeout: 600
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
    }

    @Test("boto3 takes the role of a profile with a code, and from there the next, until trust is taken back")
    func boto3() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path],
            with: [AWSClientTests.boto3]
        )
        #expect(output.lines.last == "done")
        #expect(served.end() == 0)
    }

    /// Asserts; prints `done` at the end.
    private static let script = """
        import json, os, subprocess, sys, time
        endpoint, key, secret, folder = sys.argv[1:]
        os.environ.update(AWS_CONFIG_FILE=folder + "/config", AWS_SHARED_CREDENTIALS_FILE=folder + "/credentials",
                          AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")
        import boto3, botocore.session
        from botocore.exceptions import ClientError

        home = "arn:aws:iam::123456789012:"
        iam = boto3.client("iam", endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id=key,
                           aws_secret_access_key=secret)

        def trust(principal, condition=None):
            statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
            if condition:
                statement["Condition"] = condition
            return json.dumps({"Version": "2012-10-17", "Statement": statement})

        def code_of(call, *arguments, **members):
            try:
                call(*arguments, **members)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return None

        # ann, her device, a role that lets her in with a code, and one that trusts only that role.
        iam.create_user(UserName="ann")
        pair = iam.create_access_key(UserName="ann")["AccessKey"]
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann-phone")["VirtualMFADevice"]
        seed, serial, now = device["Base32StringSeed"].decode(), device["SerialNumber"], int(time.time())

        def oathtool(at):
            arguments = ["oathtool", "--totp", "-b", "-", "--now", f"@{at}"]
            return subprocess.run(arguments, input=seed, capture_output=True, text=True, check=True).stdout.strip()

        iam.enable_mfa_device(UserName="ann", SerialNumber=serial, AuthenticationCode1=oathtool(now - 30),
                              AuthenticationCode2=oathtool(now))
        iam.create_role(RoleName="ops", MaxSessionDuration=7200, AssumeRolePolicyDocument=trust(
            home + "user/ann", {"Bool": {"aws:MultiFactorAuthPresent": "true"},
                                "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}))
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust(home + "role/ops"))
        iam.put_role_policy(RoleName="deploy", PolicyName="read", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}))
        with open(folder + "/credentials", "w") as file:
            file.write(f"[ann]\\naws_access_key_id={pair['AccessKeyId']}\\n"
                       f"aws_secret_access_key={pair['SecretAccessKey']}\\n")
        with open(folder + "/config", "w") as file:
            common = f"region=eu-central-1\\nendpoint_url={endpoint}\\n"
            file.write(f"[profile ann]\\n{common}"
                       f"[profile ops]\\n{common}role_arn={home}role/ops\\nsource_profile=ann\\nmfa_serial={serial}\\n"
                       f"role_session_name=shift\\nduration_seconds=7200\\n"
                       f"[profile deploy]\\n{common}role_arn={home}role/deploy\\nsource_profile=ops\\n"
                       f"role_session_name=release\\n")

        # boto3 asks its prompter for the code; from one profile to the next it takes both roles.
        def session(profile, code):
            core = botocore.session.Session(profile=profile)
            asked = []
            provider = core.get_component("credential_provider").get_provider("assume-role")
            provider._prompter = lambda text: asked.append(text) or code
            return boto3.Session(botocore_session=core), asked

        wrong, asked = session("ops", "000000")
        assert code_of(wrong.client("sts").get_caller_identity) == "AccessDenied" and serial in asked[0], asked
        time.sleep(1.2)
        deploy, asked = session("deploy", oathtool(now + 30))
        who = deploy.client("sts").get_caller_identity()
        assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/release", who
        assert who["UserId"] == iam.get_role(RoleName="deploy")["Role"]["RoleId"] + ":release", who
        assert len(asked) == 1 and serial in asked[0], asked
        assert [user["UserName"] for user in deploy.client("iam").list_users()["Users"]] == ["ann"]
        assert code_of(deploy.client("iam").list_roles) == "AccessDenied"
        assert code_of(boto3.Session(profile_name="ann").client("iam").list_users) == "AccessDenied"
        spent, asked = session("ops", oathtool(now + 30))
        assert code_of(spent.client("sts").get_caller_identity) == "AccessDenied" and len(asked) == 1

        # The first link's trust goes to another, and with it the session at the end of the chain.
        iam.create_user(UserName="bob")
        assert deploy.client("sts").get_caller_identity()["Arn"] == who["Arn"]
        iam.update_assume_role_policy(RoleName="ops", PolicyDocument=trust(home + "user/bob"))
        assert code_of(deploy.client("sts").get_caller_identity) == "InvalidClientTokenId"
        print("done")
        """
}
