#!/bin/bash
# nginx.sh ENDPOINT FOLDER: a real nginx asks the authority before it answers; on a Unix socket in FOLDER.
set -euo pipefail
endpoint=$1 folder=$2
root="$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
trap 'echo "failed in line $LINENO" >&2' ERR

post() { curl -sS "$endpoint/v1/$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"; }
signed() { post "$1" "$2" --user "$root" --aws-sigv4 aws:amz:us-east-1:latchkey >/dev/null; }

mkdir -p "$folder/www/public" "$folder/www/private"
echo open >"$folder/www/public/page"
echo secret >"$folder/www/private/page"
cat >"$folder/nginx.conf" <<END
daemon off;
user root;
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events {}
http {
    access_log off;
    client_body_temp_path $folder/t1; proxy_temp_path $folder/t2; fastcgi_temp_path $folder/t3;
    uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
    server {
        listen unix:$folder/nginx.sock;
        root $folder/www;
        location / {
            # Decoded and without dots, as the file is found; \$request_uri would be what the client wrote.
            set \$asked \$uri;
            auth_request /_authorize;
            auth_request_set \$who \$upstream_http_x_latchkey_arn;
            add_header X-Who \$who always;
        }
        location = /_authorize {
            internal;
            proxy_pass $endpoint/authorize;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Connection "";
            proxy_set_header X-Latchkey-Action web:Get;
            proxy_set_header X-Latchkey-Resource arn:aws:web:::site\$asked;
        }
    }
}
END
/usr/sbin/nginx -c "$folder/nginx.conf" -p "$folder" &
nginx=$!
trap 'kill $nginx; wait $nginx || true' EXIT
for n in $(seq 100); do [ -S "$folder/nginx.sock" ] && break; sleep 0.05; done

signed CreateUser '{"userName":"ann","path":"/web/"}'
signed CreateLoginProfile '{"userName":"ann","password":"wandering otters hum at dusk"}'
signed PutUserPolicy '{"userName":"ann","policyName":"web","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"web:Get\",\"Resource\":\"arn:aws:web:::site/public/*\"}}"}'
token=$(post SignIn '{"userName":"ann","password":"wandering otters hum at dusk"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')

get() { curl -sS -D "$folder/head" -o "$folder/body" -w '%{http_code}' --unix-socket "$folder/nginx.sock" "http://nginx$1" "${@:2}"; }
is() { [ "$1" = "$2" ] || { echo "expected $2, got $1" >&2; return 1; }; }
is "$(get /public/page)" 401
is "$(get /public/page -H 'Authorization: Bearer nonsense')" 401
is "$(get /public/page -H "Authorization: Bearer $token")" 200
is "$(cat "$folder/body")" open
grep -q 'X-Who: arn:aws:iam::123456789012:user/web/ann' "$folder/head"
is "$(get /private/page -H "Authorization: Bearer $token")" 403
# Fields of the client's own name neither action nor resource.
is "$(get /private/page -H "Authorization: Bearer $token" -H 'X-Latchkey-Resource: arn:aws:web:::site/public/page')" 403
is "$(get /public/../private/page --path-as-is -H "Authorization: Bearer $token")" 403
# The next request knows of a denial.
signed PutUserPolicy '{"userName":"ann","policyName":"no","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"web:*\",\"Resource\":\"*\"}}"}'
is "$(get /public/page -H "Authorization: Bearer $token")" 403
signed DeleteUserPolicy '{"userName":"ann","policyName":"no"}'
is "$(get /public/page -H "Authorization: Bearer $token")" 200
post SignOut "{\"token\":\"$token\"}" >/dev/null
is "$(get /public/page -H "Authorization: Bearer $token")" 401
echo done
