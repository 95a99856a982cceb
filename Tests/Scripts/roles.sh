#!/bin/bash
# roles.sh AWS ENDPOINT LATCHKEY: roles taken with an unmodified AWS CLI; root's keys, HOME and the store are in the environment.
set -euo pipefail
aws=$1 endpoint=$2 latchkey=$3
home=123456789012 other=210987654321
trap 'echo "failed in line $LINENO" >&2' ERR
cd "$HOME"

run() { "$aws" --endpoint-url "$endpoint" --region eu-central-1 --output text "$@"; }
as() { AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=${3:-} run "${@:4}"; }
is() { [ "$1" = "$2" ] || { echo "expected «$2», got «$1»" >&2; return 1; }; }
# fails CODE COMMAND...: the command is refused with that code.
fails() {
	local said
	if said=$("${@:2}" 2>&1); then echo "not refused: ${*:2}" >&2; return 1; fi
	case $said in *"($1)"*) ;; *) echo "expected $1, got $said" >&2; return 1 ;; esac
}
# on ACCOUNT ACTION...: an action on the store itself.
on() { LATCHKEY_ACCOUNT=$1 "$latchkey" call "${@:2}"; }
# member NAME: the value in an answer.
member() { sed -n "s/^ *\"$1\": *\"\(.*\)\",\{0,1\}$/\1/p"; }
trust() { printf '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"%s}}' "$@"; }
allow() { printf '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"%s","Resource":"%s"}}' "$@"; }

# The CLI finds STS by the profile; Debian's does not know endpoint_url yet, and is told by a model of the user's own.
at=()
if [[ $("$aws" --version) == aws-cli/2.9.* ]]; then
	at=(--endpoint-url "$endpoint")
	mkdir -p .aws/models/sts/2011-06-15
	cat > .aws/models/sts/2011-06-15/endpoint-rule-set-1.json <<-END
	{"version":"1.0","parameters":{"Region":{"builtIn":"AWS::Region","required":false,"documentation":"","type":"String"}},
	"rules":[{"conditions":[],"endpoint":{"url":"$endpoint","properties":{},"headers":{}},"type":"endpoint"}]}
	END
fi
# by PROFILE COMMAND...: the CLI takes the profile's role itself.
by() {
	env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY \
		"$aws" "${at[@]}" --profile "$1" --output text "${@:2}"
}
forget() { rm -rf .aws/cli/cache; }
# typed CODE PROFILE COMMAND...: the same at a terminal, where the code is typed once the CLI asks for it.
typed() {
	local status=0 line
	rm -f keys screen
	mkfifo keys
	line=$(printf '%q ' env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY \
		"$aws" "${at[@]}" --profile "$2" --output text "${@:3}")
	script -qefc "$line" /dev/null <keys >screen 2>&1 &
	exec 3>keys
	for _ in $(seq 300); do
		if grep -q 'Enter MFA code for ' screen || ! kill -0 $! 2>/dev/null; then break; fi
		sleep 0.1
	done
	grep -q "Enter MFA code for $serial" screen || { cat screen >&2; return 1; }
	printf '%s\n' "$1" >&3
	wait $! || status=$?
	exec 3>&-
	tail -n 1 screen | tr -d '\r'
	return "$status"
}

# ann, with a key and a device, and a role that lets her in with a code.
on $home CreateUser --user-name ann >/dev/null
key_of() { on "$1" CreateAccessKey --user-name "$2" | tee made | member accessKeyId; }
key=$(key_of $home ann) secret=$(member secretAccessKey <made)
serial=$(run iam create-virtual-mfa-device --virtual-mfa-device-name ann-phone --outfile seed \
	--bootstrap-method Base32StringSeed --query VirtualMFADevice.SerialNumber)
now=$(date +%s)
code() { oathtool --totp -b - --now "@$1" <seed; }
on $home EnableMFADevice --user-name ann --serial-number "$serial" \
	--authentication-code1 "$(code $((now - 30)))" --authentication-code2 "$(code "$now")" >/dev/null
ops=arn:aws:iam::$home:role/ops visitors=arn:aws:iam::$home:role/visitors
on $home CreateRole --role-name ops --assume-role-policy-document \
	"$(trust "arn:aws:iam::$home:user/ann" ',"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}')" >/dev/null
on $home PutRolePolicy --role-name ops --policy-name read --policy-document "$(allow 'iam:Get*' '*')" >/dev/null
fails AccessDenied as "$key" "$secret" '' sts assume-role --role-arn "$ops" --role-session-name shift
mkdir -p .aws
printf '[ann]\naws_access_key_id=%s\naws_secret_access_key=%s\n' "$key" "$secret" > .aws/credentials
# profile NAME SOURCE ROLE LINE...
profile() {
	printf '[profile %s]\nregion=eu-central-1\nservices=here\nsource_profile=%s\nrole_arn=%s\nrole_session_name=shift\n' "$1" "$2" "$3"
	printf '%s\n' "${@:4}"
}
{
	printf '[services here]\nsts=\n  endpoint_url=%s\niam=\n  endpoint_url=%s\n' "$endpoint" "$endpoint"
	profile ops ann "$ops" "mfa_serial=$serial"
	profile visit bea "$visitors" external_id=shop-17
	profile wrong bea "$visitors" external_id=shop-18
} > .aws/config

# The code is typed at the CLI's own prompt; what it lent is kept by the CLI, and asks for none again.
is "$(typed "$(code $((now + 30)))" ops sts get-caller-identity --query Arn)" "arn:aws:sts::$home:assumed-role/ops/shift"
is "$(by ops iam get-user --user-name ann --query User.UserName </dev/null)" ann
fails AccessDenied by ops iam delete-user --user-name ann
fails AccessDenied as "$key" "$secret" '' iam get-user --user-name ann
is "$(on $home ListRoleSessions --role-name ops | member takenBy)" "arn:aws:iam::$home:user/ann"

# The same code does not count again, and the session that there is ends when it is revoked.
mv .aws/cli/cache kept
if typed "$(code $((now + 30)))" ops sts get-caller-identity >/dev/null; then echo "a code counted twice" >&2; exit 1; fi
grep -qF '(AccessDenied)' screen
forget
mv kept .aws/cli/cache
is "$(by ops sts get-caller-identity --query Arn)" "arn:aws:sts::$home:assumed-role/ops/shift"
on $home RevokeRoleSessions --role-name ops --role-session-name shift >/dev/null
fails InvalidClientTokenId by ops sts get-caller-identity
forget

# A user of another account: let in when the trust policy and her own both say so, and with what was agreed.
"$latchkey" call CreateAccount --input-json - >/dev/null \
	<<<"{\"accountId\":\"$other\",\"rootPassword\":\"herons stand in the shallows\"}"
on $other CreateUser --user-name bea >/dev/null
bea=$(key_of $other bea) bea_secret=$(member secretAccessKey <made)
printf '[bea]\naws_access_key_id=%s\naws_secret_access_key=%s\n' "$bea" "$bea_secret" >> .aws/credentials
is "$(as "$bea" "$bea_secret" '' sts get-caller-identity --query Account)" $other
on $home CreateRole --role-name visitors --assume-role-policy-document \
	"$(trust $other ',"Condition":{"StringEquals":{"sts:ExternalId":"shop-17"}}')" >/dev/null
fails AccessDenied by visit sts get-caller-identity
on $other PutUserPolicy --user-name bea --policy-name visit --policy-document "$(allow sts:AssumeRole "$visitors")" >/dev/null
is "$(by visit sts get-caller-identity --query Arn)" "arn:aws:sts::$home:assumed-role/visitors/shift"
is "$(by visit sts get-caller-identity --query Account)" $home
fails AccessDenied by wrong sts get-caller-identity
forget
on $other DeleteUserPolicy --user-name bea --policy-name visit >/dev/null
fails AccessDenied by visit sts get-caller-identity
on $other PutUserPolicy --user-name bea --policy-name visit --policy-document "$(allow sts:AssumeRole '*')" >/dev/null
is "$(by visit sts get-caller-identity --query Account)" $home

# A changed trust shuts her out, and ends the session that the CLI still holds.
on $home UpdateAssumeRolePolicy --role-name visitors --policy-document "$(trust $home '')" >/dev/null
fails InvalidClientTokenId by visit sts get-caller-identity
forget
fails AccessDenied by visit sts get-caller-identity
on $home UpdateAssumeRolePolicy --role-name visitors --policy-document "$(trust "arn:aws:iam::$other:user/bea" '')" >/dev/null

# A session outlives neither its key nor its user nor its role.
lend() {
	as "$1" "$2" '' sts assume-role --role-arn "$visitors" --role-session-name "$3" \
		--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]'
}
who() { as "$1" "$2" "$3" sts get-caller-identity --query Arn; }
read -r -a lent < <(lend "$bea" "$bea_secret" first)
is "$(who "${lent[@]}")" "arn:aws:sts::$home:assumed-role/visitors/first"
on $other UpdateAccessKey --user-name bea --access-key-id "$bea" --status Inactive >/dev/null
fails InvalidClientTokenId who "${lent[@]}"
on $other UpdateAccessKey --user-name bea --access-key-id "$bea" --status Active >/dev/null
is "$(who "${lent[@]}")" "arn:aws:sts::$home:assumed-role/visitors/first"
on $other DeleteAccessKey --user-name bea --access-key-id "$bea" >/dev/null
fails InvalidClientTokenId who "${lent[@]}"
bea=$(key_of $other bea) bea_secret=$(member secretAccessKey <made)
read -r -a lent < <(lend "$bea" "$bea_secret" second)
on $home DeleteRole --role-name visitors >/dev/null
fails InvalidClientTokenId who "${lent[@]}"
on $home CreateRole --role-name visitors --assume-role-policy-document "$(trust "arn:aws:iam::$other:user/bea" '')" >/dev/null
fails InvalidClientTokenId who "${lent[@]}"
read -r -a lent < <(lend "$bea" "$bea_secret" third)
is "$(who "${lent[@]}")" "arn:aws:sts::$home:assumed-role/visitors/third"
on $other DeleteUserPolicy --user-name bea --policy-name visit >/dev/null
on $other DeleteAccessKey --user-name bea --access-key-id "$bea" >/dev/null
on $other DeleteUser --user-name bea >/dev/null
fails InvalidClientTokenId who "${lent[@]}"
# Her namesake is not the one whom the role trusts.
on $other CreateUser --user-name bea >/dev/null
on $other PutUserPolicy --user-name bea --policy-name visit --policy-document "$(allow sts:AssumeRole '*')" >/dev/null
bea=$(key_of $other bea)
fails AccessDenied lend "$bea" "$(member secretAccessKey <made)" fourth
echo done
