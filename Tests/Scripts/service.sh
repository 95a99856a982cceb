#!/bin/bash
# service.sh ENDPOINT: what a login service does, with curl: sign in, answer the challenge, look at the session, end it.
set -euo pipefail
endpoint=$1
root="$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
trap 'echo "failed in line $LINENO" >&2' ERR

post() { curl -sS "$endpoint/v1/$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"; }
signed() { post "$1" "$2" --user "$root" --aws-sigv4 aws:amz:us-east-1:latchkey; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
has() { case $1 in *"$2"*) ;; *) echo "expected $2, got $1" >&2; return 1 ;; esac; }

has "$(signed CreateUser '{"userName":"ann"}')" '"arn":"arn:aws:iam::123456789012:user/ann"'
signed CreateLoginProfile '{"userName":"ann","password":"wandering otters hum at dusk"}' >/dev/null
begun=$(signed BeginEnrollment '{"userName":"ann"}')
seed=$(member secret <<<"$begun") serial=$(member serialNumber <<<"$begun")
now=$(date +%s)
code() { oathtool --totp -b - --now "@$1" <<<"$seed"; }
has "$(signed ConfirmEnrollment "{\"serialNumber\":\"$serial\",\"code\":\"$(code "$now")\"}")" '"serialNumber"'

# In two steps: the password earns a challenge, the code answers it.
ticket=$(post SignIn '{"userName":"ann","password":"wandering otters hum at dusk"}' | member ticket)
next=$(code $((now + 30)))
session=$(post AnswerChallenge "{\"ticket\":\"$ticket\",\"code\":\"$next\"}")
token=$(member token <<<"$session")
has "$(post Session "{\"token\":\"$token\"}")" '"userName":"ann"'

# The session's holder calls for themselves.
has "$(post GetCallerIdentity '{}' -H "Authorization: Bearer $token")" '"arn":"arn:aws:iam::123456789012:user/ann"'

# A service that keeps the passwords itself has codes checked; a code counts once.
has "$(signed VerifyOneTimeCode "{\"userName\":\"ann\",\"code\":\"$next\"}")" '"error"'

# What may ann do in a wiki? Policies decide, and the next request knows of a new one.
ask() { curl -sS -o /dev/null -w '%{http_code}' "$endpoint/authorize" -H "Authorization: Bearer $token" \
	-H "X-Latchkey-Action: wiki:$1" -H 'X-Latchkey-Resource: arn:aws:wiki:::page/home'; }
has "$(ask EditPage)" 403
signed PutUserPolicy '{"userName":"ann","policyName":"wiki","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"wiki:*\",\"Resource\":\"arn:aws:wiki:::page/*\"}}"}' >/dev/null
has "$(ask EditPage)" 200
has "$(signed Authorize '{"userName":"ann","questions":[{"actionName":"wiki:Read","resourceArn":"arn:aws:wiki:::page/home"},{"actionName":"shop:Buy"}]}')" '"isAllowed":false'

# Ended is ended.
post SignOut "{\"token\":\"$token\"}" >/dev/null
has "$(post Session "{\"token\":\"$token\"}")" SessionEnded
has "$(ask EditPage)" 401
echo done
