#!/bin/bash
# What `make run` shows: a device is enrolled, and a user signs in with password and code, in a store that is thrown away.
set -euo pipefail
binary=$(readlink -f "${LATCHKEY_BINARY:?make run sets it}")
vectors=$(readlink -f "$(dirname "$0")/../../Vectors")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$binary" "$folder/bin/latchkey"
cd "$folder"
export HOME=$folder PATH=$folder/bin:$PATH LATCHKEY_VECTORS=$vectors LC_ALL=C.UTF-8
unset XDG_DATA_HOME XDG_CONFIG_HOME LATCHKEY_STORE LATCHKEY_MASTER_KEY LATCHKEY_ACCOUNT

step() { printf '\n== %s\n' "$1"; }

# Shows a line and does what it says.
run() {
    printf '$ %s\n' "$1"
    bash -c "$1" 2>&1
}

# Shows a line that must be refused.
refused() {
    printf '$ %s\n' "$1"
    if bash -c "$1" 2>&1; then
        echo "this had to be refused" >&2
        exit 1
    fi
}

echo 'purple kites over cold lakes' > password

step 'A store, its master key, an account and root'
run 'latchkey init --account 123456789012 --alias acme'
step 'A user with a password'
run 'latchkey user create ann --password-stdin < password'
step 'A device: the QR code for a phone, its key for oathtool'
run 'latchkey enroll ann > pending.json'
latchkey device qr ann/phone-1 --qr half
secret=$(sed 's/.*"secret":"\([A-Z2-7]*\)".*/\1/' pending.json)
step 'The code that the device shows ends the enrolment; recovery codes, each good once'
run "latchkey confirm ann/phone-1 $(oathtool -b --totp "$secret") | tee codes"
step 'Password and code sign in'
code=$(oathtool -b --totp -N '30 seconds' "$secret")
run "latchkey login ann --password-stdin --code $code < password"
step 'The same code again is refused, and so is the password alone'
refused "latchkey login ann --password-stdin --code $code < password"
refused 'latchkey login ann --password-stdin < password'
step 'A recovery code stands in for the phone, once'
recovery=$(tail -n 1 codes)
run "latchkey login ann --password-stdin --recovery-code $recovery < password"
refused "latchkey login ann --password-stdin --recovery-code $recovery < password"
step 'What happened, and whether the trail and the store are whole'
run 'latchkey audit'
run 'latchkey audit --verify'
run 'latchkey store check'
step 'The vectors of the standards on this build'
run 'latchkey vectors'
