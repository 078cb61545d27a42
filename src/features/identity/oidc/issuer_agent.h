#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/identity/oidc/fetcher.h"
#include "features/identity/oidc/issuer.h"
#include "net/handoff.h"
#include "net/loop.h"

namespace gatehouse::features::identity::oidc {

// Talks to one issuer for the whole process: finds its metadata (OpenID Connect Discovery 1.0, 4; RFC 8414, 3), fetches
// its keys at start, when four fifths of their age are over, and when a token names a key that is not among them, and
// asks it about opaque tokens. Lives on the home loop; dropping it ends all it does, and whoever waits is answered at
// their own deadline.
class IssuerAgent : public std::enable_shared_from_this<IssuerAgent> {
 public:
  // All but `issuer` outlive the agent.
  IssuerAgent(net::Loop& home, const base::Log& log, Fetcher& fetcher, std::shared_ptr<Issuer> issuer);
  IssuerAgent(const IssuerAgent&) = delete;
  IssuerAgent& operator=(const IssuerAgent&) = delete;

  // Fetches for the first time, and then for as long as the agent lives.
  void Start();
  void Refresh(std::string key_id, net::Handoff<base::Unit>::Sender answer);
  void Introspect(std::string token, net::Handoff<Introspected>::Sender answer);
  // Forgets all keys now: no token of this issuer is accepted before they have been fetched again.
  void Purge();

  // What the operator should know: "" when all is well.
  std::string problem() const { return issuer_->Pin()->problem; }
  const Issuer& issuer() const { return *issuer_; }

 private:
  struct Metadata {
    std::string key_set_url;
    std::string introspection_url;
    base::TimePoint found_at;
  };
  struct Keys {
    std::shared_ptr<const codec::jose::KeySet> set;
    base::Duration age;
  };
  using Asked = std::map<std::string, std::vector<net::Handoff<Introspected>::Sender>, std::less<>>;

  Trust trust() const { return {.plaintext = settings_.plaintext, .ca_file = settings_.ca_file}; }
  net::Task<> KeepFresh();
  net::Task<base::Duration> FetchAndPublish();
  net::Task<base::Result<Keys>> FetchKeys(net::Deadline deadline);
  net::Task<base::Status> Discover(net::Deadline deadline);
  net::Task<base::Result<Document>> FetchMetadata(net::Deadline deadline);
  base::Status ReadMetadata(const Document& document);
  base::Duration PublishKeys(Keys keys);
  base::Duration PublishProblem(const base::Error& error);
  bool MayFetch() const;
  void AnswerWaiting();
  void RememberUnknown(const std::string& key_id);

  net::Task<> AskAbout(std::string token, std::string digest);
  net::Task<Introspected> FetchIntrospection(std::string token);

  net::Loop& home_;
  const base::Log& log_;
  Fetcher& fetcher_;
  const std::shared_ptr<Issuer> issuer_;
  const IssuerSettings& settings_;  // of issuer_
  Metadata metadata_;
  bool fetching_ = false;
  unsigned failures_ = 0;  // in a row
  net::Event wanted_;      // somebody wants a fetch before its time
  struct Waiting {
    std::string key_id;
    net::Handoff<base::Unit>::Sender answer;
  };
  std::vector<Waiting> waiting_;                                 // for the next fetch to end
  std::map<std::string, base::TimePoint, std::less<>> unknown_;  // key ids that cause no fetch until then
  Asked asked_;                                                  // about tokens, by digest
  net::TaskGroup tasks_;                                         // last: the tasks use the rest
};

}  // namespace gatehouse::features::identity::oidc
