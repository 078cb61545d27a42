#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/tls/tls_server.h"

namespace gatehouse::net::tls {

// A certificate authority for tests, with keys made on the spot.
class FakeAuthority {
 public:
  struct Request {
    std::string common_name = "test";
    // As openssl.cnf has it: "DNS:api.example.test,IP:127.0.0.1,URI:spiffe://example.test/billing". May be empty.
    std::string alternative_names = "DNS:localhost,IP:127.0.0.1";
    std::chrono::seconds valid_for = std::chrono::hours(1);  // negative: has expired
  };

  explicit FakeAuthority(const std::string& common_name = "Test Authority");
  FakeAuthority(const FakeAuthority&) = delete;
  FakeAuthority& operator=(const FakeAuthority&) = delete;
  ~FakeAuthority();

  PemIdentity Issue(const Request& request) const;
  PemIdentity Issue() const { return Issue(Request()); }
  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string certificate_pem_;
};

}  // namespace gatehouse::net::tls
