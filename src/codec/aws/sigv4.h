#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// AWS Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) in the
// Authorization header, for services other than S3. Pure: the time is an argument.
namespace gatehouse::codec::aws {

// Views; the secrets stay with their owner and get into nothing but the signature.
struct Credentials {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  // "" for lasting credentials
};

struct Scope {
  std::string_view region;   // "eu-central-1"
  std::string_view service;  // "bedrock"
};

struct HeaderField {
  std::string name;  // lower case in what Sign() returns
  std::string value;
};

// Whether x-amz-content-sha256 is sent and signed: Bedrock does not ask for it, and proxies can check a body by it.
enum class BodyHash : std::uint8_t { kNotSent, kSent };

struct UnsignedRequest {
  std::string_view method;  // "POST"
  // The path as it goes over the wire, percent-encoded once ("/model/a%3A0/converse"), without "." and ".." segments;
  // it is encoded once more for the signature, as every service but S3 wants. "" is "/".
  std::string_view path;
  std::string_view query;  // as it goes over the wire, without "?"
  // Headers to be signed, `host` among them. Every other header may change on the way.
  std::span<const HeaderField> headers;
  std::string_view body;
  BodyHash body_hash = BodyHash::kSent;
};

// The headers to add: x-amz-date, x-amz-content-sha256 (kSent), x-amz-security-token (with a session token) and
// authorization. Valid for five minutes around `unix_seconds`.
std::vector<HeaderField> Sign(const UnsignedRequest& request, const Credentials& credentials, const Scope& scope,
                              std::int64_t unix_seconds);

// The text whose hash is signed; for tests and for telling why a signature was refused. `headers` are all signed ones.
std::string CanonicalRequest(const UnsignedRequest& request, std::span<const HeaderField> headers);

}  // namespace gatehouse::codec::aws
