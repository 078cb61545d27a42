#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "http/header_map.h"
#include "http/message.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::http {

// Where calls that the gateway makes on its own behalf may go without TLS.
enum class Plaintext : std::uint8_t { kRefused, kOnLoopback, kAllowed };

// Which addresses may be called, and whose certificates are believed.
struct Trust {
  Plaintext plaintext = Plaintext::kRefused;
  std::string ca_file;  // "": the system's authorities
};

struct FetchRequest {
  std::string_view method = "GET";  // a constant
  HeaderMap headers;
  std::string body;
  std::size_t most_bytes = std::size_t{256} * 1024;  // of the answer's body
  // What becomes of a longer one: kTooLarge, or its beginning.
  enum class Longer : std::uint8_t { kRefused, kCut } longer = Longer::kRefused;
};

struct Fetched {
  ResponseHead head;
  std::string body;
};

// Calls that the gateway makes on its own behalf, to addresses of its configuration: identity providers, receivers of
// alerts. No redirects, bounded answers. Belongs to one loop.
class Fetcher {
 public:
  // A pool for that origin; null where it cannot be called.
  using PoolFor = std::function<std::shared_ptr<Pool>(const Origin& origin, const std::string& ca_file)>;
  explicit Fetcher(PoolFor pool_for) : pool_for_(std::move(pool_for)) {}

  // Any status that is no redirect is an answer. kInvalidRequest for an address that may not be called, kUnavailable
  // and the like for one that does not answer; `detail` says what happened, without the address.
  net::Task<base::Result<Fetched>> Send(Trust trust, std::string url, FetchRequest request, net::Deadline deadline);
  // Connects anew from now on: the files of certificates may have changed.
  void Forget() { pools_.clear(); }

 private:
  std::shared_ptr<Pool> PoolOf(const Url& url, const std::string& ca_file);

  PoolFor pool_for_;
  std::map<std::string, std::shared_ptr<Pool>> pools_;  // kept for their connections
};

// The address, when it may be called: https or, where that is allowed, http, and no user in it. The error's detail says
// why not.
base::Result<Url> CheckFetchUrl(std::string_view url, Plaintext plaintext);

}  // namespace gatehouse::http
