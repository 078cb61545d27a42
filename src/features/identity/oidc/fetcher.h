#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "features/identity/oidc/issuer_settings.h"
#include "http/fetcher.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::features::identity::oidc {

inline constexpr std::size_t kMaxDocumentBytes = std::size_t{256} * 1024;
// What a client is told to wait when an identity provider does not answer.
inline constexpr std::uint32_t kRetryAfterSeconds = 5;

// kUnavailable, in words for who sent the token; `detail` is for the operator.
base::Error CannotAsk(std::string detail);

// What an identity provider answered.
struct Document {
  std::uint16_t status = 0;
  std::optional<std::chrono::seconds> max_age;  // as Cache-Control says; 0 where it forbids keeping
  std::string body;
};

// Which addresses may be called, and whose certificates are believed.
struct Trust {
  IssuerSettings::Plaintext plaintext = IssuerSettings::Plaintext::kRefused;
  std::string ca_file;
};

// Fetches the documents of identity providers: https (http on loopback where that is allowed), no redirects, bounded
// answers. Belongs to one loop.
class Fetcher {
 public:
  using PoolFor = http::Fetcher::PoolFor;
  explicit Fetcher(PoolFor pool_for) : fetcher_(std::move(pool_for)) {}

  // Any status that is no redirect is an answer. Errors are kUnavailable, with what happened in `detail`.
  net::Task<base::Result<Document>> Get(Trust trust, std::string url, net::Deadline deadline);
  // `form` is application/x-www-form-urlencoded, `authorization` the value of that header.
  net::Task<base::Result<Document>> Post(Trust trust, std::string url, std::string_view authorization, std::string form,
                                         net::Deadline deadline);
  // Connects anew from now on: the files of certificates may have changed.
  void Forget() { fetcher_.Forget(); }

 private:
  net::Task<base::Result<Document>> Send(Trust trust, std::string url, http::FetchRequest request,
                                         net::Deadline deadline);

  http::Fetcher fetcher_;
};

// Whether such an address may be called at all; the error's detail says why not.
base::Result<http::Url> CheckUrl(std::string_view url, IssuerSettings::Plaintext plaintext);
// The same for an address that a document of `issuer` names: beyond the issuer's own host it must be a public name, so
// that nobody makes the gateway call its own network.
base::Result<http::Url> CheckLinkedUrl(std::string_view url, const http::Url& issuer,
                                       IssuerSettings::Plaintext plaintext);

// Of a Cache-Control field (RFC 9111, 5.2.2); nullopt where it says nothing about age.
std::optional<std::chrono::seconds> MaxAgeOf(std::string_view cache_control);

}  // namespace gatehouse::features::identity::oidc
