#!/bin/sh
# The whole main job with curl alone: two people join, post, follow, read, like, edit, delete, and stay signed in.
#
#   examples/quickstart.sh [address of a running server, http://127.0.0.1:8000 unless given]
#
# Every step checks what came back and the script stops at the first surprise. It leaves two accounts behind.
set -eu

server=${1:-http://127.0.0.1:8000}
photo=$(dirname "$0")/photo.jpg
run=$(date +%s)_$$
alice=alice_$run
bob=bob_$run
password='correct horse battery'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf '\n# %s\n' "$*"; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

# api TOKEN METHOD PATH [curl options]: prints the body; fails on anything but a 2xx answer.
api() {
    token=$1 method=$2 path=$3
    shift 3
    case $path in http*) ;; *) path=$server$path ;; esac
    status=$(curl -sS -X "$method" "$path" ${token:+-H "Authorization: Bearer $token"} \
        -o "$work/body" -w '%{http_code}' "$@") || fail "$server cannot be reached. Start it with: make run"
    case $status in
        2*) cat "$work/body" && echo ;;
        *) fail "$method $path answered $status: $(cat "$work/body")" ;;
    esac
}
json() { api "$1" "$2" "$3" -H 'Content-Type: application/json' -d "$4"; }
# The first text, number or word that stands under a name in a JSON body.
first() {
    found=$(grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed 's/^[^:]*:"\{0,1\}//')
    [ -n "$found" ] || fail "the answer has no $1"
    echo "$found"
}
expect() { [ "$2" = "$3" ] || fail "$1: expected $3, got $2"; }

step 'Two people register'
json '' POST /v1/users/register/ "{\"username\":\"$alice\",\"email\":\"$alice@example.org\",\"password\":\"$password\"}"
json '' POST /v1/users/register/ "{\"username\":\"$bob\",\"email\":\"$bob@example.org\",\"password\":\"$password\"}"

step 'They log in and keep an access and a refresh token'
login=$(json '' POST /v1/users/login/ "{\"username\":\"$alice\",\"password\":\"$password\"}")
alice_token=$(echo "$login" | first access)
alice_refresh=$(echo "$login" | first refresh)
bob_token=$(json '' POST /v1/users/login/ "{\"email\":\"$bob@example.org\",\"password\":\"$password\"}" | first access)

step 'Alice posts a text, a photograph, and both together'
text_tweet=$(json "$alice_token" POST /v1/tweets/ '{"text":"Good morning, everybody!"}' | first id)
photo_tweet=$(api "$alice_token" POST /v1/tweets/ -F "image=@$photo" -F 'image_alt=Hills at sunset' | first id)
both=$(api "$alice_token" POST /v1/tweets/ -F 'text=The hills again' -F "image=@$photo")
both_tweet=$(echo "$both" | first id)
echo "$both"

step 'The photograph comes back without the place where it was taken'
grep -q Exif "$photo" || fail 'the sample photograph has lost its EXIF data'
curl -sS -o "$work/photo.jpg" "$(echo "$both" | first image)"
grep -q Exif "$work/photo.jpg" && fail 'the served photograph still has EXIF data'
echo "$(wc -c <"$photo") bytes sent, $(wc -c <"$work/photo.jpg") bytes served, no EXIF data"

step 'Bob follows Alice and reads his feed, two tweets a page, newest first'
api "$bob_token" POST "/v1/users/follow/$alice/"
page=$(api "$bob_token" GET '/v1/feed/?limit=2')
echo "$page"
expect 'the newest tweet of the feed' "$(echo "$page" | first id)" "$both_tweet"
next=$(echo "$page" | first next)
page=$(api "$bob_token" GET "$next")
echo "$page"
expect 'the tweet of the second page' "$(echo "$page" | first id)" "$text_tweet"
expect 'the page after the last' "$(echo "$page" | first next)" null

step 'Bob likes a tweet and takes the like back'
like=$(api "$bob_token" POST "/v1/tweets/like/$text_tweet/")
expect 'the like' "$like" '{"liked":true,"like_count":1}'
like=$(api "$bob_token" POST "/v1/tweets/like/$text_tweet/")
expect 'the like taken back' "$like" '{"liked":false,"like_count":0}'

step 'Alice edits one tweet and deletes another'
json "$alice_token" PATCH "/v1/tweets/$photo_tweet/" '{"text":"Hills at sunset"}'
api "$alice_token" DELETE "/v1/tweets/$text_tweet/"
echo 'Asked for again, it is gone:'
status=$(curl -sS -o "$work/body" -w '%{http_code}' "$server/v1/tweets/$text_tweet/")
expect 'the deleted tweet' "$status" 404
cat "$work/body" && echo

step 'Alice exchanges her refresh token for a new pair; the old one is spent'
alice_token=$(json '' POST /v1/users/refresh/ "{\"refresh\":\"$alice_refresh\"}" | first access)
api "$alice_token" GET /v1/users/me/
status=$(curl -sS -o "$work/body" -w '%{http_code}' "$server/v1/users/refresh/" \
    -H 'Content-Type: application/json' -d "{\"refresh\":\"$alice_refresh\"}")
expect 'the spent refresh token' "$status" 401
cat "$work/body" && echo

step 'Bob unfollows Alice; his feed is empty again'
api "$bob_token" POST "/v1/users/unfollow/$alice/"
expect 'the empty feed' "$(api "$bob_token" GET /v1/feed/)" '{"next":null,"previous":null,"results":[]}'

printf '\nAll of it works.\n'
