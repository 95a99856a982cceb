// AWSClientTests.swift: unmodified AWS clients against the built server, through a user's whole life.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("AWS's own clients")
struct AWSClientTests {
    static let boto3 = "boto3==1.43.11"
    static let awscli = "awscli==1.45.11"

    @Test("boto3 manages a user's whole life: keys that rotate, a device, a session with a code, revocation")
    func boto3Life() throws {
        let served = try Served()
        let output = try PythonEnvironment.run(
            Self.life,
            [served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path],
            with: [Self.boto3]
        )
        #expect(output.lines.last == "done")
        #expect(served.end() == 0)
    }

    @Test("the AWS CLI, from PyPI and from Debian, manages a user's whole life", arguments: ["1", "2"])
    func commandLine(version: String) throws {
        let served = try Served()
        var program = "/usr/bin/aws"
        if version == "1" {
            let python = try PythonEnvironment.interpreter(with: [Self.awscli])
            program = python.replacing("/bin/python", with: "/bin/aws")
        }
        let isThat = try Subprocess.run(program, ["--version"])
        #expect(isThat.stdout.hasPrefix("aws-cli/\(version)."))
        let script = Places.scripts.appending(path: "aws.sh").path
        let output = try Subprocess.run(
            "/bin/bash",
            [script, program, served.endpoint, served.folder.path],
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": served.folder.path, "AWS_PAGER": "",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "LC_ALL": "C.UTF-8",
                "AWS_ACCESS_KEY_ID": Served.rootKey, "AWS_SECRET_ACCESS_KEY": Served.rootSecret,
            ],
            timeout: 600
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
    }

    /// Asserts; prints `done` at the end.
    private static let life = """
        import base64, json, subprocess, sys, time
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, key, secret, folder = sys.argv[1:]

        def client(service, key=key, secret=secret, token=None, region="eu-central-1"):
            return boto3.client(service, endpoint_url=endpoint, region_name=region, aws_access_key_id=key,
                                aws_secret_access_key=secret, aws_session_token=token,
                                config=Config(retries={"total_max_attempts": 1}))

        def code_of(call, *arguments, **members):
            try:
                call(*arguments, **members)
            except ClientError as error:
                assert error.response["ResponseMetadata"]["RequestId"], error
                return error.response["Error"]["Code"]
            return None

        def oathtool(seed, at=None):
            arguments = ["oathtool", "--totp", "-b", "-"] + (["--now", f"@{at}"] if at else [])
            return subprocess.run(arguments, input=seed, capture_output=True, text=True, check=True).stdout.strip()

        iam, sts = client("iam"), client("sts")
        me = sts.get_caller_identity()
        assert (me["Account"], me["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:root"), me
        assert client("sts", region="mars-1").get_caller_identity()["Account"] == "123456789012"

        # A user, and lists in pages.
        user = iam.create_user(UserName="ann", Path="/staff/", Tags=[{"Key": "team", "Value": "blau=grün @ home"}])["User"]
        assert user["Arn"] == "arn:aws:iam::123456789012:user/staff/ann" and user["UserId"].startswith("AIDA")
        assert code_of(iam.create_user, UserName="ANN") == "EntityAlreadyExists"
        assert code_of(iam.get_user, UserName="bob") == "NoSuchEntity"
        assert code_of(iam.create_user, UserName="a b") == "ValidationError"
        assert iam.get_user(UserName="ann")["User"]["Tags"] == [{"Key": "team", "Value": "blau=grün @ home"}]
        for n in range(7):
            iam.create_user(UserName=f"user{n}")
        pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 3}))
        assert [len(page["Users"]) for page in pages] == [3, 3, 2], pages
        assert [u["UserName"] for page in pages for u in page["Users"]] == ["ann"] + [f"user{n}" for n in range(7)]

        # A password.
        iam.create_login_profile(UserName="ann", Password="wandering otters hum at dusk")
        assert iam.get_login_profile(UserName="ann")["LoginProfile"]["UserName"] == "ann"
        assert code_of(iam.create_login_profile, UserName="user0", Password="short") == "PasswordPolicyViolation"

        # Keys rotate: two at once, never three.
        first = iam.create_access_key(UserName="ann")["AccessKey"]
        ann = client("sts", first["AccessKeyId"], first["SecretAccessKey"])
        assert ann.get_caller_identity()["Arn"] == user["Arn"]
        second = iam.create_access_key(UserName="ann")["AccessKey"]
        assert code_of(iam.create_access_key, UserName="ann") == "LimitExceeded"
        iam.update_access_key(UserName="ann", AccessKeyId=first["AccessKeyId"], Status="Inactive")
        assert code_of(ann.get_caller_identity) == "InvalidClientTokenId"
        iam.delete_access_key(UserName="ann", AccessKeyId=first["AccessKeyId"])
        assert [k["AccessKeyId"] for k in iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]] == [second["AccessKeyId"]]
        ann = client("sts", second["AccessKeyId"], second["SecretAccessKey"])
        assert ann.get_caller_identity()["UserId"] == user["UserId"]
        assert code_of(client("sts", second["AccessKeyId"], "wrong" * 8).get_caller_identity) == "SignatureDoesNotMatch"
        assert code_of(client("sts", "AKIANOBODYNOBODYNOBO", "wrong" * 8).get_caller_identity) == "InvalidClientTokenId"
        used = iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])
        assert used["UserName"] == "ann" and used["AccessKeyLastUsed"]["ServiceName"] == "sts", used
        # Nothing is allowed without a policy.
        assert code_of(client("iam", second["AccessKeyId"], second["SecretAccessKey"]).list_users) == "AccessDenied"

        # A device, read from its picture.
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann-phone")["VirtualMFADevice"]
        picture = folder + "/qr.png"
        with open(picture, "wb") as file:
            file.write(device["QRCodePNG"])
        uri = subprocess.run(["zbarimg", "-q", "--raw", picture], capture_output=True, text=True, check=True).stdout
        seed = device["Base32StringSeed"].decode()
        assert f"secret={seed}" in uri, uri
        now = int(time.time())
        serial = device["SerialNumber"]
        assert code_of(iam.enable_mfa_device, UserName="ann", SerialNumber=serial, AuthenticationCode1="000000",
                       AuthenticationCode2="000001") == "InvalidAuthenticationCode"
        iam.enable_mfa_device(UserName="ann", SerialNumber=serial, AuthenticationCode1=oathtool(seed, now - 30),
                              AuthenticationCode2=oathtool(seed, now))
        assert [d["SerialNumber"] for d in iam.list_mfa_devices(UserName="ann")["MFADevices"]] == [serial]

        # A session with a code: the next one, for the last is spent.
        code = oathtool(seed, now + 30)
        assert code_of(ann.get_session_token, SerialNumber=serial, TokenCode="000000") == "AccessDenied"
        time.sleep(1.2)
        lent = ann.get_session_token(SerialNumber=serial, TokenCode=code, DurationSeconds=900)["Credentials"]
        assert lent["AccessKeyId"].startswith("ASIA") and lent["Expiration"].timestamp() - time.time() < 901
        assert code_of(ann.get_session_token, SerialNumber=serial, TokenCode=code) == "AccessDenied"
        session = client("sts", lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"])
        assert session.get_caller_identity()["Arn"] == user["Arn"]
        assert code_of(session.get_session_token) == "AccessDenied"
        for token in (None, lent["SessionToken"][:-4], lent["SessionToken"].swapcase()):
            wrong = client("sts", lent["AccessKeyId"], lent["SecretAccessKey"], token)
            assert code_of(wrong.get_caller_identity) == "InvalidClientTokenId"
        assert code_of(ann.get_session_token, DurationSeconds=129601) == "ValidationError"

        # A presigned request.
        import urllib.request
        url = ann.generate_presigned_url("get_caller_identity", HttpMethod="GET")
        assert user["Arn"] in urllib.request.urlopen(url).read().decode()

        # Revocation: the session dies with the key it was lent by.
        iam.update_access_key(UserName="ann", AccessKeyId=second["AccessKeyId"], Status="Inactive")
        assert code_of(session.get_caller_identity) == "InvalidClientTokenId"
        assert code_of(iam.delete_user, UserName="ann") == "DeleteConflict"
        iam.deactivate_mfa_device(UserName="ann", SerialNumber=serial)
        iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.delete_access_key(UserName="ann", AccessKeyId=second["AccessKeyId"])
        iam.delete_login_profile(UserName="ann")
        iam.delete_user(UserName="ann")
        assert code_of(iam.get_user, UserName="ann") == "NoSuchEntity"
        print("done")
        """
}
