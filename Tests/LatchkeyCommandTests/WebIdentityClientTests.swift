// WebIdentityClientTests.swift: boto3 takes a role with a token that a real OpenID Connect provider gave out after a login.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("Web identity with AWS's own clients")
struct WebIdentityClientTests {
    @Test("a login at a provider from PyPI leads to a role, by a call and by AWS_WEB_IDENTITY_TOKEN_FILE")
    func boto3() throws {
        let served = try Served(environment: ["LATCHKEY_IDENTITY_PROVIDERS": "loopback"])
        let output = try PythonEnvironment.run(
            Self.script,
            [served.endpoint, Served.rootKey, Served.rootSecret, served.folder.path],
            with: [AWSClientTests.boto3, "oidc-provider-mock==0.3.4"]
        )
        #expect(output.lines.last == "done", "\(output.stderr)")
        #expect(served.end() == 0)
    }

    /// A person's login at the provider, up to the tokens.
    static let login = """
        import json, urllib.error, urllib.parse, urllib.request

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *arguments):
                return None

        def login(issuer, subject, client):
            query = urllib.parse.urlencode({"client_id": client, "redirect_uri": "https://app.example/back",
                                            "response_type": "code", "scope": "openid email"})
            try:
                urllib.request.build_opener(Stay).open(f"{issuer}/oauth2/authorize?{query}",
                                                       urllib.parse.urlencode({"sub": subject}).encode())
                raise AssertionError("no redirect")
            except urllib.error.HTTPError as answer:
                assert answer.code in (302, 303), answer.read()
                code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["code"][0]
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://app.example/back",
                    "client_id": client, "client_secret": "any"}
            with urllib.request.urlopen(f"{issuer}/oauth2/token", urllib.parse.urlencode(form).encode()) as answer:
                return json.load(answer)
        """

    /// Asserts; prints `done` at the end.
    private static let script = """
        import json, os, sys
        import boto3, botocore.session
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import ClientError
        from oidc_provider_mock import run_server_in_thread

        endpoint, key, secret, folder = sys.argv[1:]
        iam = boto3.client("iam", endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id=key,
                           aws_secret_access_key=secret)
        sts = boto3.client("sts", endpoint_url=endpoint, region_name="eu-central-1",
                           config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))

        \(login)

        def code_of(**members):
            try:
                sts.assume_role_with_web_identity(**members)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return None

        with run_server_in_thread() as server:
            issuer = f"http://localhost:{server.server_port}"
            name = issuer[len("http://"):]
            provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["app"])["OpenIDConnectProviderArn"]
            assert provider == f"arn:aws:iam::123456789012:oidc-provider/{name}", provider
            assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["Url"] == name
            assert [p["Arn"] for p in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]] == [provider]
            trust = {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{name}:sub": "ann@example.com", f"{name}:aud": "app"}}}]}
            role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
            tokens = login(issuer, "ann@example.com", "app")
            call = {"RoleArn": role, "RoleSessionName": "browser", "WebIdentityToken": tokens["id_token"]}
            answer = sts.assume_role_with_web_identity(**call)
            assert answer["SubjectFromWebIdentityToken"] == "ann@example.com", answer
            assert (answer["Provider"], answer["Audience"]) == (issuer, "app"), answer
            lent = answer["Credentials"]
            me = boto3.client("sts", endpoint_url=endpoint, region_name="eu-central-1",
                              aws_access_key_id=lent["AccessKeyId"], aws_secret_access_key=lent["SecretAccessKey"],
                              aws_session_token=lent["SessionToken"])
            assert me.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/web/browser"

            # Another person, another client, an access token, a token with a bit changed.
            assert code_of(**dict(call, WebIdentityToken=login(issuer, "bob@example.com", "app")["id_token"])) == "AccessDenied"
            assert code_of(**dict(call, WebIdentityToken=login(issuer, "ann@example.com", "x")["id_token"])) == "InvalidIdentityToken"
            assert code_of(**dict(call, WebIdentityToken=tokens["access_token"])) == "InvalidIdentityToken"
            head, body, signature = tokens["id_token"].split(".")
            changed = ("B" if signature[0] == "A" else "A") + signature[1:]
            assert code_of(**dict(call, WebIdentityToken=f"{head}.{body}.{changed}")) == "InvalidIdentityToken"

            # As a container finds it: the SDK reads the file and takes the role by itself.
            with open(folder + "/token", "w") as file:
                file.write(tokens["id_token"])
            for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
                os.environ.pop(variable, None)
            os.environ.update(AWS_WEB_IDENTITY_TOKEN_FILE=folder + "/token", AWS_ROLE_ARN=role, AWS_ROLE_SESSION_NAME="pod",
                              AWS_ENDPOINT_URL_STS=endpoint, AWS_DEFAULT_REGION="eu-central-1",
                              AWS_CONFIG_FILE=folder + "/none", AWS_SHARED_CREDENTIALS_FILE=folder + "/none",
                              AWS_EC2_METADATA_DISABLED="true")
            pod = boto3.Session().client("sts")
            assert pod.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/web/pod"

            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
            assert code_of(**call) == "InvalidIdentityToken"
            try:
                me.get_caller_identity()
                raise AssertionError("the session outlived its provider")
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidClientTokenId", error
        print("done")
        """
}
