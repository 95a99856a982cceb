#!/bin/bash
# aws.sh AWS ENDPOINT FOLDER: a user's whole life with an unmodified AWS CLI; root's keys are in the environment.
set -euo pipefail
aws=$1 endpoint=$2 folder=$3
root_key=$AWS_ACCESS_KEY_ID root_secret=$AWS_SECRET_ACCESS_KEY
trap 'echo "failed in line $LINENO" >&2' ERR

run() { "$aws" --endpoint-url "$endpoint" --region eu-central-1 --output text "$@"; }
as() { AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=${3:-} run "${@:4}"; }
is() { [ "$1" = "$2" ] || { echo "expected «$2», got «$1»" >&2; return 1; }; }
# fails CODE COMMAND...: the command is refused with that code.
fails() {
	local said
	if said=$("${@:2}" 2>&1); then echo "not refused: ${*:2}" >&2; return 1; fi
	case $said in *"($1)"*) ;; *) echo "expected $1, got $said" >&2; return 1 ;; esac
}

is "$(run sts get-caller-identity --query Arn)" arn:aws:iam::123456789012:root
is "$(run iam create-user --user-name ann --path /staff/ --tags Key=team,Value='blau=grün @ home' --query User.Arn)" \
	arn:aws:iam::123456789012:user/staff/ann
fails EntityAlreadyExists run iam create-user --user-name Ann
run iam create-group --group-name operators >/dev/null
run iam add-user-to-group --group-name operators --user-name ann
is "$(run iam list-groups-for-user --user-name ann --query 'Groups[].GroupName')" operators

# The password, as ann herself changes it once the account lets its users do so.
run iam create-login-profile --user-name ann --password 'wandering otters hum at dusk' >/dev/null
read -r key secret < <(run iam create-access-key --user-name ann --query 'AccessKey.[AccessKeyId,SecretAccessKey]')
fails AccessDenied as "$key" "$secret" '' iam change-password --old-password 'wandering otters hum at dusk' \
	--new-password 'quiet lanterns over the weir'
run iam update-account-password-policy --minimum-password-length 15 --allow-users-to-change-password
as "$key" "$secret" '' iam change-password --old-password 'wandering otters hum at dusk' \
	--new-password 'quiet lanterns over the weir'

# Two keys, never three; the first goes.
read -r key2 secret2 < <(run iam create-access-key --user-name ann --query 'AccessKey.[AccessKeyId,SecretAccessKey]')
fails LimitExceeded run iam create-access-key --user-name ann
run iam update-access-key --user-name ann --access-key-id "$key" --status Inactive
fails InvalidClientTokenId as "$key" "$secret" '' sts get-caller-identity
run iam delete-access-key --user-name ann --access-key-id "$key"
is "$(as "$key2" "$secret2" '' sts get-caller-identity --query Arn)" arn:aws:iam::123456789012:user/staff/ann

# The group lets its members read users and nothing more, until a policy denies it.
fails AccessDenied as "$key2" "$secret2" '' iam get-user --user-name ann
run iam put-group-policy --group-name operators --policy-name read --policy-document \
	'{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Get*","Resource":"arn:aws:iam::123456789012:user/staff/*"}}'
is "$(as "$key2" "$secret2" '' iam get-user --user-name ann --query User.UserName)" ann
fails AccessDenied as "$key2" "$secret2" '' iam delete-user --user-name ann
arn=$(run iam create-policy --policy-name no-reading --query Policy.Arn --policy-document \
	'{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}}')
run iam attach-user-policy --user-name ann --policy-arn "$arn"
fails AccessDenied as "$key2" "$secret2" '' iam get-user --user-name ann
run iam detach-user-policy --user-name ann --policy-arn "$arn"
run iam delete-policy --policy-arn "$arn"
fails MalformedPolicyDocument run iam put-user-policy --user-name ann --policy-name bad --policy-document '{"Statement":[]}'

# A device out of its picture, and a session with its code.
serial=$(run iam create-virtual-mfa-device --virtual-mfa-device-name ann-phone --outfile "$folder/qr.png" \
	--bootstrap-method QRCodePNG --query VirtualMFADevice.SerialNumber)
seed=$(zbarimg -q --raw "$folder/qr.png" | sed 's/.*[?&]secret=\([A-Z2-7]*\).*/\1/')
now=$(date +%s)
code() { oathtool --totp -b - --now "@$1" <<<"$seed"; }
fails InvalidAuthenticationCode run iam enable-mfa-device --user-name ann --serial-number "$serial" \
	--authentication-code1 000000 --authentication-code2 000001
run iam enable-mfa-device --user-name ann --serial-number "$serial" \
	--authentication-code1 "$(code $((now - 30)))" --authentication-code2 "$(code "$now")"
is "$(run iam list-mfa-devices --user-name ann --query 'MFADevices[].SerialNumber')" "$serial"
next=$(code $((now + 30)))
read -r lent lent_secret lent_token < <(as "$key2" "$secret2" '' sts get-session-token --serial-number "$serial" \
	--token-code "$next" --duration-seconds 900 --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
is "$(as "$lent" "$lent_secret" "$lent_token" iam get-user --query User.UserName)" ann
fails AccessDenied as "$key2" "$secret2" '' sts get-session-token --serial-number "$serial" --token-code "$next"

# A session goes with its key; then the user goes.
run iam delete-access-key --user-name ann --access-key-id "$key2"
fails InvalidClientTokenId as "$lent" "$lent_secret" "$lent_token" sts get-caller-identity
fails DeleteConflict run iam delete-user --user-name ann
run iam deactivate-mfa-device --user-name ann --serial-number "$serial"
run iam delete-virtual-mfa-device --serial-number "$serial"
run iam remove-user-from-group --group-name operators --user-name ann
run iam delete-login-profile --user-name ann
run iam delete-user --user-name ann
fails NoSuchEntity run iam get-user --user-name ann
echo done
