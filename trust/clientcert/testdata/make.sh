#!/bin/sh
# Makes the files of this directory with OpenSSL 3: one key in every form that it
# writes, all under the passphrase "correct horse". The key opens nothing.
set -eu
cd "$(dirname "$0")"
pw=pass:'correct horse'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkcs8.pem
openssl req -x509 -new -key pkcs8.pem -subj /CN=alice -days 36500 -addext extendedKeyUsage=clientAuth \
	-addext basicConstraints=critical,CA:FALSE -out cert.pem
openssl x509 -in cert.pem -outform DER -out cert.der
openssl ec -in pkcs8.pem -out sec1.pem
openssl pkey -in pkcs8.pem -outform DER -out pkcs8.der
for prf in hmacWithSHA1 hmacWithSHA256 hmacWithSHA384 hmacWithSHA512; do
	openssl pkcs8 -topk8 -in pkcs8.pem -v2 aes-256-cbc -v2prf $prf -passout "$pw" -out locked-$prf.pem
done
openssl pkcs8 -topk8 -in pkcs8.pem -v2 aes-128-cbc -passout "$pw" -out locked-aes128.pem
openssl pkcs8 -topk8 -in pkcs8.pem -v2 des3 -passout "$pw" -out locked-des3.pem
openssl pkcs8 -topk8 -in pkcs8.pem -v2 aes-256-cbc -passout "$pw" -outform DER -out locked.der
openssl pkcs8 -topk8 -in pkcs8.pem -scrypt -passout "$pw" -out unsupported-scrypt.pem
openssl pkcs8 -topk8 -in pkcs8.pem -v1 PBE-SHA1-3DES -passout "$pw" -out unsupported-pbes1.pem
openssl ec -in pkcs8.pem -aes256 -passout "$pw" -out legacy-aes256.pem
openssl pkcs12 -export -inkey pkcs8.pem -in cert.pem -passout "$pw" -out modern.p12
openssl pkcs12 -export -legacy -inkey pkcs8.pem -in cert.pem -passout "$pw" -out legacy.p12
openssl pkcs12 -export -inkey pkcs8.pem -in cert.pem -passout pass: -out empty.p12
openssl req -new -key pkcs8.pem -subj /CN=alice -out request.pem
openssl pkey -in pkcs8.pem -pubout -out public.pem
openssl crl2pkcs7 -nocrl -certfile cert.pem -out cert.p7b
